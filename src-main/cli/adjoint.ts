import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { build } from '../engine/build';
import { auditCommand } from './audit';
import { benchCommand } from './bench/bench';
import { exitCodes, type Places } from './context';
import { datasetsCommand } from './datasets';
import { devicesCommand } from './devices';
import { doctorCommand } from './doctor';
import { diagnoseCommand } from './diagnose';
import { evaluateCommand } from './evaluate';
import { figureCommand } from './figure';
import { generateCommand } from './generate';
import { matrixCommand } from './generateMatrix';
import { runCommand } from './run';
import { runsCommand } from './runs';
import { serveCommand } from './serve';
import { studyCommand } from './study';
import { sweepCommand } from './sweep';
import { solveCommand } from './solve';
import { verifyCommand } from './verify';

const here = dirname(fileURLToPath(import.meta.url));
const places: Places = {
  runEntry: join(here, 'run.mjs'),
  labelsEntry: join(here, 'labels.mjs'),
  resources: process.env.ADJOINT_RESOURCES || join(here, '..', '..', 'resources'),
  fonts: join(here, 'fonts'),
  renderer: join(here, '..', 'renderer'),
};

const program = new Command('adjoint')
  .description('Optimization inside learning: run, watch and compare experiments.')
  .version(build.version)
  .exitOverride((error) => process.exit(error.exitCode === 0 ? exitCodes.done : exitCodes.wrong));

for (const make of [
  runCommand,
  studyCommand,
  sweepCommand,
  runsCommand,
  (places: Places) => generateCommand(places).addCommand(matrixCommand(places)),
  datasetsCommand,
  evaluateCommand,
  diagnoseCommand,
  figureCommand,
  solveCommand,
  verifyCommand,
  auditCommand,
  serveCommand,
  benchCommand,
  devicesCommand,
  doctorCommand,
]) {
  const command = make(places);
  program.addCommand(command);
  // Wrong usage is exit code 2 at every level.
  for (const each of [command, ...command.commands])
    each.exitOverride((error) => process.exit(error.exitCode === 0 ? exitCodes.done : exitCodes.wrong));
}

// A reader that closes the pipe (`adjoint runs list | head`) is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(exitCodes.done);
  throw error;
});

await program.parseAsync();
