"""Writes a case of the format nlls/1, computed with theseus-ai in float64, to standard output.

    python scripts/peers/theseus_cases.py --n 40 --e 12 --m 20 --batch 2 --iterations 5 --seed 1 > case.json
"""

import argparse
import json
import sys
import warnings

warnings.filterwarnings("ignore")
import numpy as np  # noqa: E402
import torch  # noqa: E402
import theseus as th  # noqa: E402

# Theseus makes a tensor of the damping, of the default precision: in float32 0.01 is off by 2e-8, and so are all iterates.
torch.set_default_dtype(torch.float64)
torch.set_num_threads(1)
options = argparse.ArgumentParser()
for name, value in dict(n=6, e=2, m=4, batch=2, iterations=5, seed=1, last=3).items():
    options.add_argument("--" + name, type=int, default=value)
for name, value in dict(weight=0.3, damping=0.01, epsilon=0.01, level=0.3).items():
    options.add_argument("--" + name, type=float, default=value)
options.add_argument("--method", choices=["gauss-newton", "levenberg-marquardt"], default="levenberg-marquardt")
o = options.parse_args()

random = np.random.default_rng(o.seed)
draw = lambda *shape: torch.tensor(random.standard_normal(shape))  # noqa: E731
data = dict(A=draw(o.e, o.n), H=torch.tensor(random.uniform(0, 0.3, (o.m, o.n))), G=draw(o.m, o.n))
data["h"] = torch.tensor(o.level + random.uniform(0, 0.3, o.m))
per = dict(anchor=draw(o.batch, o.n), x=draw(o.batch, o.e), initial=draw(o.batch, o.n))
cotangent = draw(o.batch, o.n)
shapes = {name: value.shape for name, value in data.items()}
names = ["anchor", "x", *data]


def residual(optim_vars, aux_vars):
    y, given = optim_vars[0].tensor, dict(zip(names, (variable.tensor for variable in aux_vars)))
    A, H, G = (given[name].view(-1, *shapes[name]) for name in "AHG")
    rows = lambda M, v: torch.einsum("bij,bj->bi", M.expand(v.shape[0], -1, -1), v)  # noqa: E731
    c = rows(H, y**2) + rows(G, y) - given["h"]
    return torch.cat([o.weight * (y - given["anchor"]), rows(A, y) - given["x"], torch.relu(c)], 1)


objective = th.Objective(dtype=torch.float64)
variable = lambda name, width: th.Variable(torch.zeros(1, width, dtype=torch.float64), name=name)  # noqa: E731
widths = dict(anchor=o.n, x=o.e, **{name: value.numel() for name, value in data.items()})
aux = [variable(name, width) for name, width in widths.items()]
cost = th.AutoDiffCostFunction(
    [th.Vector(o.n, name="initial", dtype=torch.float64)],
    residual,
    o.n + o.e + o.m,
    aux_vars=aux,
    cost_weight=th.ScaleCostWeight(torch.ones(1, 1, dtype=torch.float64)),
)
objective.add(cost)
kind = th.GaussNewton if o.method == "gauss-newton" else th.LevenbergMarquardt


def solve(mode, iterations):
    given = {name: value.clone().requires_grad_(True) for name, value in {**per, **data}.items()}
    inputs = {
        name: value.reshape(1, -1).expand(o.batch, -1) if name in data else value for name, value in given.items()
    }
    optimizer = kind(objective, max_iterations=iterations, abs_err_tolerance=0, rel_err_tolerance=0)
    extra = dict(backward_mode=getattr(th.BackwardMode, mode.upper()))
    if o.method != "gauss-newton":
        extra["damping"] = o.damping
    if mode == "truncated":
        extra["backward_num_iterations"] = o.last
    if mode == "dlm":
        extra["dlm_epsilon"] = o.epsilon
    values, _ = th.TheseusLayer(optimizer).forward(inputs, optimizer_kwargs=extra)
    return given, values["initial"]


def value_of(y):
    optim = [type("V", (), dict(tensor=y))]
    given = {**per, **data}
    now = [type("V", (), dict(tensor=given[k] if k in per else given[k].reshape(1, -1))) for k in names]
    return 0.5 * (residual(optim, now) ** 2).sum(1)


def expect(mode):
    given, y = solve(mode, o.iterations)
    (y * cotangent).sum().backward()
    zero = lambda name: torch.zeros_like(given[name])  # noqa: E731
    gradient = {name: (zero(name) if g.grad is None else g.grad).tolist() for name, g in given.items()}
    result = dict(final=y.detach().tolist(), gradient=gradient)
    if mode == "unroll":
        with torch.no_grad():
            iterates = [per["initial"]] + [solve(mode, k)[1].detach() for k in range(1, o.iterations + 1)]
            result.update(iterates=[v.tolist() for v in iterates], objective=[value_of(v).tolist() for v in iterates])
    if mode == "truncated":
        result["lastIterations"] = o.last
    if mode == "dlm":
        result["epsilon"] = o.epsilon
    return result


json.dump(
    dict(
        format="nlls/1",
        name=f"theseus-{o.method}-n{o.n}-seed{o.seed}",
        n=o.n,
        batch=o.batch,
        residual=dict(
            type="linear-relu",
            anchorWeight=o.weight,
            **{name: value.tolist() for name, value in {**data, **per}.items() if name != "initial"},
        ),
        initial=per["initial"].tolist(),
        method=dict(
            name=o.method,
            iterations=o.iterations,
            stepSize=1,
            damping=0 if o.method == "gauss-newton" else o.damping,
            adaptive=False,
        ),
        cotangent=cotangent.tolist(),
        expected=dict(digits=15, **{mode: expect(mode) for mode in ["unroll", "implicit", "truncated", "dlm"]}),
    ),
    sys.stdout,
)
