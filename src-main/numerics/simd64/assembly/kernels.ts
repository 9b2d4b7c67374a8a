export { begin, execute, serve } from './pool';
