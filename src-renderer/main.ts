import './api/zodSetup';
import { createPinia } from 'pinia';
import { createApp } from 'vue';
import '@fontsource-variable/inter/wght.css';
import '@fontsource-variable/jetbrains-mono/wght.css';
import 'katex/dist/katex.min.css';
import './theme/base.css';
import './theme/controls.css';
import App from './App.vue';
import { connect } from './api/connect';
import { makeRouter } from './router';
import { useConnection } from './stores/connection';
import { usePreferences } from './stores/preferences';
import { useRuns } from './stores/runs';
import { applyTokens } from './theme/tokens';

const app = createApp(App);
app.use(createPinia());

// The right colours before anything is drawn, also while the connection is being made.
const preferences = usePreferences();
applyTokens(document.documentElement, preferences.tokens, preferences.scheme);

// The token leaves the address before the router reads it.
useConnection().attach(await connect());
useRuns().start();
app.use(makeRouter());
app.mount('#app');
