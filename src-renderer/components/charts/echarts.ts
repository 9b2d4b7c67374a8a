import { CustomChart, LineChart } from 'echarts/charts';
import { GridComponent, TitleComponent } from 'echarts/components';
import { init, use, type ECharts } from 'echarts/core';
import { CanvasRenderer } from 'echarts/renderers';

// Only what charts use: ECharts as a whole is several times as large.
use([LineChart, CustomChart, GridComponent, TitleComponent, CanvasRenderer]);

export { init, type ECharts };
