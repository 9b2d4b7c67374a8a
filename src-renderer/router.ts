import { createRouter, createWebHashHistory, type RouteRecordRaw } from 'vue-router';

export const routes: RouteRecordRaw[] = [
  { path: '/', redirect: '/runs' },
  {
    path: '/problems',
    component: () => import('./views/problems/ProblemsView.vue'),
    meta: { title: 'Problems', rail: 'problems' },
    children: [
      { path: '', name: 'problems', component: { render: () => null } },
      {
        path: 'datasets/:name',
        name: 'dataset',
        component: () => import('./views/problems/DatasetPanel.vue'),
        meta: { title: 'Dataset' },
      },
      {
        path: 'import',
        name: 'import-dataset',
        component: () => import('./views/problems/ImportPanel.vue'),
        meta: { title: 'Import a dataset' },
      },
    ],
  },
  {
    path: '/problems/new/:family',
    name: 'family',
    component: () => import('./views/problems/FamilyView.vue'),
    meta: { title: 'Generate', rail: 'problems' },
  },
  {
    path: '/problems/bilevel/:from(family|case|file|text)/:name?',
    name: 'bilevel',
    component: () => import('./views/bilevel/BilevelView.vue'),
    meta: { title: 'Bilevel problem', rail: 'problems' },
  },
  {
    path: '/solve',
    name: 'solve',
    component: () => import('./views/solve/SolveView.vue'),
    meta: { title: 'Solve', rail: 'solve' },
  },
  {
    path: '/runs',
    component: () => import('./views/runs/RunsView.vue'),
    meta: { title: 'Runs', rail: 'runs' },
    children: [
      { path: '', name: 'runs', component: { render: () => null } },
      {
        path: 'new',
        name: 'new-run',
        component: () => import('./views/runs/NewRunPanel.vue'),
        meta: { title: 'New run' },
      },
    ],
  },
  {
    path: '/trash',
    name: 'trash',
    component: () => import('./views/runs/TrashView.vue'),
    meta: { title: 'Trash', rail: 'runs' },
  },
  {
    path: '/runs/:id/:tab(dashboard|inner|dynamics|log|config|attempts|diagnostics)?',
    name: 'run',
    component: () => import('./views/run/RunView.vue'),
    meta: { title: 'Run', rail: 'runs' },
  },
  {
    path: '/compare/:id?',
    name: 'compare',
    component: () => import('./views/compare/CompareView.vue'),
    meta: { title: 'Compare', rail: 'compare' },
  },
  {
    path: '/studies/:name?',
    name: 'studies',
    component: () => import('./views/studies/StudiesView.vue'),
    meta: { title: 'Studies', rail: 'studies' },
  },
  {
    path: '/audit',
    name: 'audit',
    component: () => import('./views/audit/AuditView.vue'),
    meta: { title: 'Gradient audit', rail: 'audit' },
  },
  {
    path: '/devices',
    name: 'devices',
    component: () => import('./views/devices/DevicesView.vue'),
    meta: { title: 'Devices', rail: 'devices' },
  },
  {
    path: '/settings',
    name: 'settings',
    component: () => import('./views/settings/SettingsView.vue'),
    meta: { title: 'Settings', rail: 'settings' },
  },
  {
    path: '/:rest(.*)*',
    name: 'nowhere',
    component: () => import('./views/NowhereView.vue'),
    meta: { title: 'Not found', rail: 'runs' },
  },
];

/** Addresses live in the hash: the same page is served from a file, from Electron and from the web host. */
export const makeRouter = () => createRouter({ history: createWebHashHistory(), routes });
