"""SSIGD on the problem "coupled" as a Python user writes it: a loop over cvxpylayers.

Peer of `adjoint bench ssigd`: reads the problem as a line of JSON and says what it runs on; every further line names a solver of cvxpy,
and the answer is the seconds, iterates and gradients of the loop. Needs cvxpylayers and torch.
"""

import json
import sys
import time
import warnings

warnings.filterwarnings("ignore")
import cvxpy as cp
import numpy as np
import torch
from cvxpylayers.torch import CvxpyLayer

torch.set_default_dtype(torch.float64)


def make_layer(Q, solver):
    n = len(Q)
    y, b = cp.Variable(n), cp.Parameter(n)
    root = np.linalg.cholesky(Q).T
    problem = cp.Problem(cp.Minimize(0.5 * cp.sum_squares(root @ y) + b @ y), [y <= 1, y >= -1])
    return CvxpyLayer(problem, parameters=[b], variables=[y], solver_args={"solve_method": solver})


def loop(layer, data, beta):
    t = {key: torch.tensor(value) for key, value in data.items()}
    x = t["x"].clone()
    seconds, iterates, gradients = [], [], []
    for q in t["q"]:
        began = time.perf_counter()
        x = x.detach().requires_grad_(True)
        (y,) = layer(t["c"] + q + t["P"].T @ x)
        f = 0.5 * x @ t["Qu"] @ x + t["cu"] @ x + 0.5 * y @ t["Pu"] @ y + x @ t["P"] @ y
        (g,) = torch.autograd.grad(f, x)
        following = x.detach() - beta * g
        seconds.append(time.perf_counter() - began)
        iterates.append(x.detach().tolist())
        gradients.append(g.tolist())
        x = following
    return {"seconds": seconds, "x": iterates, "g": gradients}


given = json.loads(sys.stdin.readline())
data = {key: np.array(value, dtype=float) for key, value in given["data"].items()}
layers = {}
print(json.dumps({"peer": "cvxpylayers", "torch": torch.__version__, "cvxpy": cp.__version__}), flush=True)
for line in sys.stdin:
    solver = json.loads(line)["solver"]
    if solver not in layers:
        layers[solver] = make_layer(data["Q"], solver)
        loop(layers[solver], {**data, "q": data["q"][:2]}, given["beta"])
    print(json.dumps(loop(layers[solver], data, given["beta"])), flush=True)
