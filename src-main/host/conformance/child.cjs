// The process that the spawners' conformance suite starts. Plain CommonJS without dependencies: it runs on any Node.
const { writeFileSync } = require('node:fs');

const [what, argument] = process.argv.slice(2);
console.log(
  `started ${what} ${argument ?? ''} in ${process.cwd()} with ${process.env.ADJOINT_CONFORMANCE ?? 'nothing'}`,
);
console.error('a line on standard error');
if (what === 'exit') process.exit(Number(argument));
if (what === 'throw') throw new Error('thrown by the child');
if (what === 'count') {
  let n = 0;
  setInterval(() => writeFileSync(argument, String(++n)), 20);
} else setInterval(() => undefined, 1000);
