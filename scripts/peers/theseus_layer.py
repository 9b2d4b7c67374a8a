"""The layer of `adjoint bench layer` with theseus-ai, for comparison in one run.

Reads lines of JSON: first the problem, then one request a line, {"mode": …, "iterations": …, "withResult": …}. Answers each with a line: seconds of a
forward pass and of a forward and a backward pass, of the latter also
those of all processors together, and, if asked, the result and its gradient with respect to the network's output.
"""

import json
import sys
import time
import warnings

warnings.filterwarnings("ignore")
import torch  # noqa: E402
import theseus as th  # noqa: E402

# Theseus makes a tensor of the damping, of the default precision: in float32 0.01 is off by 2e-8, and so are all iterates.
torch.set_default_dtype(torch.float64)


def tensor(rows):
    return torch.tensor(rows, dtype=torch.float64)


class Layer:
    def __init__(self, problem):
        A, G, H, h = (tensor(problem[key]) for key in "AGHh")
        self.problem, self.x, self.start = problem, tensor(problem["x"]), tensor(problem["anchor"])
        self.q, self.p = tensor(problem["q"]), tensor(problem["p"])
        n, e, m = problem["n"], A.shape[0], len(problem["h"])

        def residual(optim_vars, aux_vars):
            y, x, anchor = optim_vars[0].tensor, aux_vars[0].tensor, aux_vars[1].tensor
            rows = torch.relu((y**2) @ H.T + y @ G.T - h)
            return torch.cat([problem["anchorWeight"] * (y - anchor), y @ A.T - x, rows], 1)

        self.objective = th.Objective(dtype=torch.float64)
        y = th.Vector(n, name="y", dtype=torch.float64)
        x = th.Variable(torch.zeros(1, e, dtype=torch.float64), name="x")
        anchor = th.Variable(torch.zeros(1, n, dtype=torch.float64), name="anchor")
        weight = th.ScaleCostWeight(torch.ones(1, 1, dtype=torch.float64))
        cost = th.AutoDiffCostFunction([y], residual, n + e + m, aux_vars=[x, anchor], cost_weight=weight)
        self.objective.add(cost)

    def run(self, mode, iterations):
        optimizer = th.LevenbergMarquardt(
            self.objective, max_iterations=iterations, abs_err_tolerance=0, rel_err_tolerance=0
        )
        layer = th.TheseusLayer(optimizer)
        options = dict(backward_mode=getattr(th.BackwardMode, mode.upper()), damping=self.problem["damping"])
        if mode == "truncated":
            options["backward_num_iterations"] = self.problem["last"]
        if mode == "dlm":
            options["dlm_epsilon"] = self.problem["epsilon"]

        def forward():
            start = self.start.clone().requires_grad_(True)
            # Tensors of their own: DLM counts the gradient of one that is given twice twice.
            given = {"y": start.clone(), "anchor": start.clone(), "x": self.x}
            values, _ = layer.forward(given, optimizer_kwargs=options)
            return start, values["y"]

        def both():
            start, y = forward()
            (0.5 * (y**2) @ self.q + y @ self.p).mean().backward()
            return y, start.grad

        return forward, both


def seconds(run):
    began, busy = time.perf_counter(), time.process_time()
    result = run()
    return time.perf_counter() - began, time.process_time() - busy, result


layer = Layer(json.loads(sys.stdin.readline()))
print(json.dumps(dict(peer="theseus-ai " + th.__version__, threads=torch.get_num_threads())), flush=True)
for line in sys.stdin:
    request = json.loads(line)
    forward, both = layer.run(request["mode"], request["iterations"])
    forward_s, _, _ = seconds(forward)
    both_s, cpu_s, (y, gradient) = seconds(both)
    answer = dict(fwd_s=forward_s, fwd_bwd_s=both_s, cpu_s=cpu_s)
    if request.get("withResult"):
        answer.update(y=y.detach().flatten().tolist(), gradient=gradient.flatten().tolist())
    print(json.dumps(answer), flush=True)
