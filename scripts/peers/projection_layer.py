"""The projection of `adjoint bench techniques` as a Python user writes it: qpth where all rows are affine, cvxpylayers otherwise.

Reads lines of JSON: first the problem with its points, then a line for every pass. Answers each with a line: seconds of the forward pass and of both, the
processors' own time of both, and, if asked, the projections and the gradient. Needs cvxpylayers, qpth and torch.
"""

import json
import sys
import time
import warnings

warnings.filterwarnings("ignore")
import numpy as np  # noqa: E402
import torch  # noqa: E402

torch.set_default_dtype(torch.float64)

given = json.loads(sys.stdin.readline())
n, e, m, size = (given[key] for key in ("n", "e", "m", "size"))
A, G, h = (np.array(given[key], dtype=float) for key in "AGh")
A, G = A.reshape(e, n), G.reshape(m, n)
H = np.array(given["H"], dtype=float).reshape(m, n)
raw = torch.tensor(given["raw"]).reshape(size, n)
x = torch.tensor(given["x"]).reshape(size, e)
cotangent = torch.tensor(given["cotangent"]).reshape(size, n)


def with_qpth():
    from qpth.qp import QPFunction

    solve = QPFunction(verbose=-1)
    fixed = [torch.eye(n), torch.tensor(G), torch.tensor(h), torch.tensor(A)]
    return lambda start: solve(fixed[0], -start, fixed[1], fixed[2], fixed[3], x)


def with_cvxpylayers():
    import cvxpy as cp
    from cvxpylayers.torch import CvxpyLayer

    y, start, right = cp.Variable(n), cp.Parameter(n), cp.Parameter(e)
    rows = [cp.sum_squares(cp.multiply(np.sqrt(H[i]), y)) + G[i] @ y <= h[i] for i in range(m)]
    problem = cp.Problem(cp.Minimize(0.5 * cp.sum_squares(y - start)), [A @ y == right, *rows])
    layer = CvxpyLayer(problem, parameters=[start, right], variables=[y])
    return lambda values: layer(values, x)[0]


affine = not H.any()
project = with_qpth() if affine else with_cvxpylayers()
name = "qpth" if affine else "cvxpylayers"
print(json.dumps(dict(peer=name, torch=torch.__version__, threads=torch.get_num_threads())), flush=True)
for line in sys.stdin:
    start = raw.clone().requires_grad_(True)
    began, busy = time.perf_counter(), time.process_time()
    y = project(start)
    solved = time.perf_counter()
    y.backward(cotangent)
    ended = time.perf_counter()
    answer = dict(fwd_s=solved - began, fwd_bwd_s=ended - began, cpu_s=time.process_time() - busy)
    if json.loads(line).get("withResult"):
        answer.update(y=y.detach().flatten().tolist(), gradient=start.grad.flatten().tolist())
    print(json.dumps(answer), flush=True)
