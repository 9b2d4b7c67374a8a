import {
  Compass,
  Copy,
  Cpu,
  FileInput,
  FlaskConical,
  FunctionSquare,
  GitCompareArrows,
  Keyboard,
  Microscope,
  Moon,
  Pause,
  Play,
  Plus,
  Rows3,
  Scale,
  Settings,
  Sigma,
  Sun,
  Trash,
  type LucideIcon,
} from '@lucide/vue';
import type { Router } from 'vue-router';
import { canPause, canResume } from '../components/runState';
import { useComparisons } from '../stores/comparisons';
import { useExamples } from '../stores/examples';
import { usePreferences } from '../stores/preferences';
import { useProblems } from '../stores/problems';
import { useRuns } from '../stores/runs';
import { useShell } from './shellStore';

export interface Command {
  id: string;
  title: string;
  /** Other words that find it. */
  words?: string;
  icon: LucideIcon;
  keys?: string[];
  run: () => void;
}

/** Everything the palette can do besides opening a run. */
export function makeCommands(router: Router): Command[] {
  const preferences = usePreferences();
  const runs = useRuns();
  const shell = useShell();
  const examples = useExamples();
  const comparisons = useComparisons();
  const problems = useProblems();
  const pausable = runs.list.filter(canPause).map(({ id }) => id);
  const paused = runs.list.filter((run) => run.state === 'paused' && canResume(run)).map(({ id }) => id);
  const current = router.currentRoute.value;
  const shown = current.name === 'run' ? runs.get(String(current.params.id)) : undefined;
  const go = (to: string) => () => void router.push(to);
  const startDemo = async () => {
    const id = await examples.startDemo();
    if (id) await router.push(`/runs/${id}`);
  };

  return [
    ...(shown && canPause(shown) ? [{ id: 'pause-this', title: `Pause “${shown.name}”`, icon: Pause, keys: ['p'], run: () => void runs.act('pause', [shown.id]) }] : []),
    ...(shown && canResume(shown) ? [{ id: 'resume-this', title: `Resume “${shown.name}”`, icon: Play, keys: ['p'], run: () => void runs.act('resume', [shown.id]) }] : []),
    ...(shown ? [{ id: 'clone-this', title: `Clone and edit “${shown.name}”`, icon: Copy, keys: ['e'], run: go(`/runs/new?from=${shown.id}`) }] : []),
    ...(shown ? [{ id: 'compare-this', title: `Compare “${shown.name}” with others`, icon: GitCompareArrows, run: go(`/compare?runs=${shown.id}`) }] : []),
    { id: 'new', title: 'New run', words: 'create experiment start', icon: Plus, keys: ['n'], run: go('/runs/new') },
    { id: 'demo', title: 'Start the demo run', words: 'example try', icon: FlaskConical, run: () => void startDemo() },
    ...(pausable.length > 0 ? [{ id: 'pause-all', title: `Pause all running (${pausable.length})`, icon: Pause, run: () => void runs.act('pause', pausable) }] : []),
    ...(paused.length > 0 ? [{ id: 'resume-all', title: `Resume all paused (${paused.length})`, icon: Play, run: () => void runs.act('resume', paused) }] : []),
    ...(problems.families ?? []).map(({ kind, title }) => ({ id: `generate-${kind}`, title: `Generate a dataset: ${title}`, words: 'problem family new', icon: FunctionSquare, run: go(`/problems/new/${kind}`) })),
    { id: 'import-dataset', title: 'Import a dataset', words: 'npz pkl file open', icon: FileInput, run: go('/problems/import') },
    { id: 'problems', title: 'Go to problems', words: 'families datasets', icon: FunctionSquare, keys: ['g', 'p'], run: go('/problems') },
    { id: 'solve', title: 'Solve a problem', words: 'optimum multipliers certificate sensitivity audit file open case', icon: Sigma, keys: ['g', 'o'], run: go('/solve') },
    { id: 'runs', title: 'Go to runs', words: 'home table', icon: Rows3, keys: ['g', 'r'], run: go('/runs') },
    { id: 'compare', title: 'Go to compare', words: 'overlay side by side', icon: GitCompareArrows, keys: ['g', 'c'], run: go('/compare') },
    ...comparisons.list.filter(({ problem }) => problem === null).map(({ id, name }) => ({ id: `comparison-${id}`, title: `Comparison “${name}”`, words: 'compare saved', icon: GitCompareArrows, run: go(`/compare/${id}`) })),
    { id: 'studies', title: 'Go to studies', words: 'questions recipes results', icon: Microscope, keys: ['g', 't'], run: go('/studies') },
    { id: 'audit', title: 'Audit the gradient of a layer', words: 'theseus backward mode least squares exact differences', icon: Scale, keys: ['g', 'a'], run: go('/audit') },
    { id: 'trash', title: 'Go to trash', words: 'deleted restore purge', icon: Trash, run: go('/trash') },
    { id: 'devices', title: 'Go to devices', words: 'gpu cpu', icon: Cpu, keys: ['g', 'd'], run: go('/devices') },
    { id: 'tour', title: 'Show the tour', words: 'first steps help introduction', icon: Compass, run: () => void (shell.tourOpen = true) },
    { id: 'settings', title: 'Go to settings', words: 'preferences', icon: Settings, keys: ['g', 's'], run: go('/settings') },
    preferences.scheme === 'dark'
      ? { id: 'light', title: 'Light theme', words: 'appearance', icon: Sun, run: () => (preferences.theme = 'light') }
      : { id: 'dark', title: 'Dark theme', words: 'appearance', icon: Moon, run: () => (preferences.theme = 'dark') },
    { id: 'keys', title: 'Keyboard shortcuts', words: 'help', icon: Keyboard, keys: ['?'], run: () => (shell.helpOpen = true) },
  ]; // prettier-ignore
}
