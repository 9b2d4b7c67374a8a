import type { ProblemTraits } from '@shared/applicability';
import type { BilevelPreview } from '@shared/bilevel';
import type { DatasetInfo } from '@shared/datasets';
import type { Diagnosis, DiagnosisAsk } from '@shared/diagnostics';
import type { Problem } from '@shared/errors';
import type { OutputPlaneAnswer, OutputPlaneAsk } from '@shared/film';
import type { Landscape, LandscapeAsk } from '@shared/landscape';
import type { LayerAudit, LayerAuditAsk, LayerPath, LayerPathAsk } from '@shared/layerAudit';
import type { OpenProblem, OwnProblem } from '@shared/ownProblem';
import type { PreviewDataset, PreviewFamily, ProblemView } from '@shared/problems';
import type { Audited, SolveAudit, SolveCase, SolveReport, SolveRun } from '@shared/solve';
import { traitsOf } from '../modelling/traits';
import { readDataset } from '../store/dataset';
import type { FoundBilevel } from './bilevelSource';
import { bilevelLandscape, previewBilevel } from './bilevelViews';
import { diagnosis } from './diagnosisView';
import type { FoundAuditSource } from './layerAuditSource';
import { layerAudit, layerPath } from './layerAuditViews';
import { outputPlane } from './outputPlane';
import { openOwnProblem } from './ownProblem';
import { inspectWithLabels, previewDataset, previewFamily, type FamilyLook } from './problemViews';
import { listCases, type FoundSource } from './solveSource';
import { auditReport, solveReport } from './solveViews';

/** What a thread is asked. */
export type ViewTask =
  | { kind: 'family'; input: PreviewFamily; threads: number; kept: string }
  | { kind: 'ownProblem'; source: OpenProblem; kept: string }
  | { kind: 'dataset'; input: PreviewDataset; path: string }
  | { kind: 'inspect'; path: string }
  | { kind: 'traits'; path: string }
  | { kind: 'cases'; resources: string }
  | { kind: 'solve'; input: SolveRun; source: FoundSource }
  | { kind: 'bilevel'; source: FoundBilevel }
  | { kind: 'layerPath'; input: LayerPathAsk; source: FoundAuditSource }
  | { kind: 'outputPlane'; input: OutputPlaneAsk; directory: string }
  | { kind: 'audit'; input: SolveAudit; source: FoundSource };

/** What it answers. */
export interface ViewResults {
  family: FamilyLook;
  ownProblem: OwnProblem;
  dataset: ProblemView;
  inspect: DatasetInfo;
  traits: ProblemTraits;
  cases: { cases: SolveCase[]; problem: Problem | null };
  solve: SolveReport;
  audit: Audited;
  bilevel: BilevelPreview;
  layerPath: LayerPath;
  outputPlane: OutputPlaneAnswer;
}

/** What a thread is asked that answers in parts. */
export type StreamTask =
  | { kind: 'landscape'; input: LandscapeAsk; source: FoundBilevel }
  | { kind: 'layerAudit'; input: LayerAuditAsk; source: FoundAuditSource }
  | { kind: 'diagnosis'; input: DiagnosisAsk; directory: string };

export interface StreamParts {
  landscape: Landscape;
  layerAudit: LayerAudit;
  diagnosis: Diagnosis;
}

export const isStreamTask = (task: ViewTask | StreamTask): task is StreamTask =>
  task.kind === 'landscape' || task.kind === 'layerAudit' || task.kind === 'diagnosis';

type Parts = StreamParts[StreamTask['kind']];
export function streamViewTask(task: StreamTask): Iterable<Parts> | AsyncIterable<Parts> {
  switch (task.kind) {
    case 'landscape':
      return bilevelLandscape(task.input, task.source);
    case 'layerAudit':
      return layerAudit(task.input, task.source);
    case 'diagnosis':
      return diagnosis(task.input, task.directory);
  }
}

type Results = ViewResults[ViewTask['kind']];
export function runViewTask(task: ViewTask): Results | Promise<Results> {
  switch (task.kind) {
    case 'family':
      return previewFamily(task.input, task.threads, task.kept);
    case 'ownProblem':
      return openOwnProblem(task.source, task.kept);
    case 'dataset':
      return previewDataset(task.input, task.path);
    case 'inspect':
      return inspectWithLabels(task.path);
    case 'traits':
      return traitsOf(readDataset(task.path));
    case 'cases':
      return listCases(task.resources);
    case 'solve':
      return solveReport(task.input, task.source);
    case 'audit':
      return auditReport(task.input, task.source);
    case 'bilevel':
      return previewBilevel(task.source);
    case 'layerPath':
      return layerPath(task.input, task.source);
    case 'outputPlane':
      return outputPlane(task.input, task.directory);
  }
}
