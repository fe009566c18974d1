"""Writes attention as its exporters do: forms.py OUT.onnx FORM...

Queries q [b, 4, s, 8], keys and values k, v [b, 2, l, 8] and what else a form needs give y [b, 4, s, 8]; forms with places take their keys
and values as those of the past and those of this step. FORM is the name of a function below, which says what is particular; all of them
compute softmax(q . k / sqrt(8) + mask) . v unless they say otherwise. The model has the result FORM_y for each.
"""
import pathlib
import sys

import onnx.parser

sys.path.append(str(pathlib.Path(__file__).parents[1]))
from joined import join

REPEAT = """
  two = Constant <value = int64[1] {{2}}> ()
  times = Constant <value = int64[5] {{1, 1, 2, 1, 1}}> ()
  heads = Constant <value = int64[4] {{0, 4, -1, 8}}> ()
  {0}u = Unsqueeze({0}, two)
  {0}e = Expand({0}u, times)
  {0}r = Reshape({0}e, heads)
"""
CONSTANTS = """
  scale = Constant <value = float {0.35355338}> ()
  root = Constant <value = float {0.59460354}> ()
  low = Constant <value = float {-3.4028235e38}> ()
  zerof = Constant <value = float {0.0}> ()
  onef = Constant <value = float {1.0}> ()
  zero = Constant <value = int64 {0}> ()
  one = Constant <value = int64 {1}> ()
  none = Constant <value = int64[1] {0}> ()
  last = Constant <value = int64[1] {-1}> ()
"""
# Places of queries [s, 1], counted from the first key, and of keys [l].
PLACES = """
  k = Concat <axis = 2> (pk, nk)
  v = Concat <axis = 2> (pv, nv)
  sl = Shape <start = 2, end = 3> (q)
  ll = Shape <start = 2, end = 3> (k)
  s0 = Squeeze(sl, none)
  l0 = Squeeze(ll, none)
  past = Sub(l0, s0)
  steps = Range(zero, s0, one)
  here = Add(steps, past)
  at = Unsqueeze(here, last)
  key = Range(zero, l0, one)
"""
SCORES = "kt = Transpose <perm = [0, 1, 3, 2]> (kr)\n  qk = MatMul(q, kt)\n  z = Mul(qk, scale)\n"
INPUTS = "float[b,4,s,8] q, float[b,2,l,8] k, float[b,2,l,8] v"
CACHED = "float[b,4,s,8] q, float[b,2,p,8] pk, float[b,2,s,8] nk, float[b,2,p,8] pv, float[b,2,s,8] nv"


def model(body, inputs=None, output="float[b,4,s,8] y", repeat=("k", "v"), places=False, opset=20):
    inputs = inputs or (CACHED if places else INPUTS)
    repeated = "".join(REPEAT.format(each) if i == 0 else "\n".join(REPEAT.format(each).splitlines()[4:]) + "\n" for i, each in enumerate(repeat))
    text = f'<ir_version: 10, opset_import: ["" : {opset}]>\ng ({inputs}) => ({output}) {{{CONSTANTS}{PLACES if places else ""}{repeated}  {body}\n}}'
    return onnx.parser.parse_model(text)


def plain():
    """the factor on the product, no mask"""
    return model(SCORES + "p = Softmax(z)\n y = MatMul(p, vr)")


def roots():
    """the factor's root on queries and on keys, which are transposed through three axes"""
    return model("""
  flat = Constant <value = int64[3] {-1, 0, 8}> ()
  lk = Shape <start = 2, end = 3> (kr)
  lead = Shape <start = 0, end = 2> (kr)
  eight = Constant <value = int64[1] {8}> ()
  three = Concat <axis = 0> (last, lk, eight)
  k3 = Reshape(kr, three)
  k3t = Transpose <perm = [0, 2, 1]> (k3)
  four = Concat <axis = 0> (lead, eight, lk)
  kt = Reshape(k3t, four)
  qs = Mul(q, root)
  ks = Mul(kt, root)
  z = MatMul(qs, ks)
  p = Softmax(z)
  y = MatMul(p, vr)""")


def batched():
    """batches and heads as one axis, the quotient by the root of the width"""
    return model("""
  eight = Constant <value = int64[1] {8}> ()
  sq = Shape <start = 2, end = 3> (q)
  sk = Shape <start = 2, end = 3> (kr)
  rows = Concat <axis = 0> (last, sq, eight)
  keys = Concat <axis = 0> (last, sk, eight)
  q3 = Reshape(q, rows)
  k3 = Reshape(kr, keys)
  v3 = Reshape(vr, keys)
  kt = Transpose <perm = [0, 2, 1]> (k3)
  qk = MatMul(q3, kt)
  width = Cast <to = 1> (eight)
  size = Sqrt(width)
  z = Div(qk, size)
  p = Softmax(z)
  y3 = MatMul(p, v3)
  lead = Shape <start = 0, end = 2> (q)
  shape = Concat <axis = 0> (lead, sq, eight)
  y = Reshape(y3, shape)""")


def grouped():
    """groups of heads as an axis of their own, nothing repeated"""
    return model("""
  lead = Shape <start = 0, end = 1> (q)
  sq = Shape <start = 2, end = 3> (q)
  groups = Constant <value = int64[2] {2, 2}> ()
  eight = Constant <value = int64[1] {8}> ()
  shape = Concat <axis = 0> (lead, groups, sq, eight)
  q5 = Reshape(q, shape)
  two = Constant <value = int64[1] {2}> ()
  k5 = Unsqueeze(k, two)
  v5 = Unsqueeze(v, two)
  kt = Transpose <perm = [0, 1, 2, 4, 3]> (k5)
  qk = MatMul(q5, kt)
  z = Mul(qk, scale)
  p = Softmax(z)
  y5 = MatMul(p, v5)
  ys = Shape(q)
  y = Reshape(y5, ys)""", repeat=())


def turned():
    """keys before queries, all products the other way round"""
    return model("""qt = Transpose <perm = [0, 1, 3, 2]> (q)
  kq = MatMul(kr, qt)
  z = Mul(scale, kq)
  p = Softmax <axis = -2> (z)
  vt = Transpose <perm = [0, 1, 3, 2]> (vr)
  yt = MatMul(vt, p)
  y = Transpose <perm = [0, 1, 3, 2]> (yt)""")


def packed():
    """heads taken from one axis, where no cache or rotation stands between the projection and the products"""
    return model("""
  heads = Constant <value = int64[4] {0, 0, 4, 8}> ()
  q4 = Reshape(x, heads)
  k4 = Reshape(u, heads)
  v4 = Reshape(w, heads)
  qt = Transpose <perm = [0, 2, 1, 3]> (q4)
  kt = Transpose <perm = [0, 2, 3, 1]> (k4)
  vt = Transpose <perm = [0, 2, 1, 3]> (v4)
  qk = MatMul(qt, kt)
  z = Mul(qk, scale)
  p = Softmax(z)
  y = MatMul(p, vt)""", inputs="float[b,s,32] x, float[b,l,32] u, float[b,l,32] w", repeat=())


def unscaled():
    """no factor, and values of another width"""
    return model("kt = Transpose <perm = [0, 1, 3, 2]> (k4)\n qk = MatMul(q, kt)\n p = Softmax(qk)\n y = MatMul(p, v5)",
                 inputs="float[b,4,s,8] q, float[b,4,l,8] k4, float[b,4,l,5] v5", output="float[b,4,s,5] y", repeat=())


def softcap():
    """scores bent by a tangent"""
    return model(SCORES + """cap = Constant <value = float {5.0}> ()
  small = Div(z, cap)
  bent = Tanh(small)
  capped = Mul(bent, cap)
  p = Softmax(capped)
  y = MatMul(p, vr)""")


def sinks():
    """a column for each head's sink, and the maximum subtracted"""
    return model(SCORES + """
  lead = Shape <start = 0, end = 1> (q)
  sq = Shape <start = 2, end = 3> (q)
  four = Constant <value = int64[1] {4}> ()
  single = Constant <value = int64[1] {1}> ()
  shape = Concat <axis = 0> (lead, four, sq, single)
  column = Expand(sink, shape)
  all = Concat <axis = -1> (z, column)
  axis = Constant <value = int64[1] {-1}> ()
  top = ReduceMax <keepdims = 1> (all, axis)
  shifted = Sub(all, top)
  probabilities = Softmax(shifted)
  three = Constant <value = int64[1] {3}> ()
  p = Slice(probabilities, none, last, three)
  y = MatMul(p, vr)""", inputs=INPUTS + ", float[1,4,1,1] sink")


def bias():
    """numbers added for each head, query and key"""
    return model(SCORES + "added = Add(m, z)\n p = Softmax(added)\n y = MatMul(p, vr)", inputs=INPUTS + ", float[1,4,s,l] m")


def causal():
    """keys up to the query's own, by a choice of the lowest number"""
    return model(SCORES + "seen = LessOrEqual(key, at)\n masked = Where(seen, z, low)\n p = Softmax(masked)\n y = MatMul(p, vr)", places=True)


def window():
    """a window of three keys and what padding leaves, as numbers that are added, with a guard for rows without keys"""
    return model(SCORES + """
  three = Constant <value = int64 {3}> ()
  first = Sub(at, three)
  near = Greater(key, first)
  past_only = LessOrEqual(key, at)
  both = And(near, past_only)
  real = Cast <to = 9> (padding)
  axes = Constant <value = int64[2] {1, 2}> ()
  kept = Unsqueeze(real, axes)
  seen = And(both, kept)
  lowest = Constant <value = float {-inf}> ()
  m = Where(seen, zerof, lowest)
  masked = Add(z, m)
  scores = Softmax(masked)
  bad = IsNaN(scores)
  p = Where(bad, zerof, scores)
  y = MatMul(p, vr)""", inputs=CACHED + ", int64[b,all] padding", places=True)


def chunks():
    """keys of the query's own chunk of four up to its own"""
    return model(SCORES + """
  four = Constant <value = int64 {4}> ()
  kc = Div(key, four)
  qc = Div(at, four)
  chunk = Equal(kc, qc)
  past_only = LessOrEqual(key, at)
  seen = And(chunk, past_only)
  m = Where(seen, zerof, low)
  masked = Add(z, m)
  p = Softmax(masked)
  y = MatMul(p, vr)""", places=True)


def free():
    """causal by the lowest number, where nothing says that there are as many keys as queries: one of the mean for queries without keys"""
    return model(SCORES + """
  steps = Shape <start = 2, end = 3> (q)
  count = Shape <start = 2, end = 3> (k)
  s0 = Squeeze(steps)
  l0 = Squeeze(count)
  past = Sub(l0, s0)
  here = Range(past, l0, one)
  at = Unsqueeze(here, last)
  key = Range(zero, l0, one)
  seen = LessOrEqual(key, at)
  masked = Where(seen, z, low)
  p = Softmax(masked)
  y = MatMul(p, vr)""")


def upper():
    """a mask that is not causal: keys from the query's own on"""
    return model(SCORES + "seen = GreaterOrEqual(key, at)\n masked = Where(seen, z, low)\n p = Softmax(masked)\n y = MatMul(p, vr)", places=True)


def over_queries():
    """no attention: the probabilities of each key add up to one over the queries"""
    return model(SCORES + "p = Softmax <axis = 2> (z)\n y = MatMul(p, vr)")


def of_queries():
    """no attention: the values are weighted by scores that are no product over the width"""
    return model("w = ReduceSum <keepdims = 1> (q, last)\n x = Transpose <perm = [0, 1, 3, 2]> (kr)\n u = ReduceSum <keepdims = 1> (x, two)\n"
                 " z = Add(w, u)\n p = Softmax(z)\n y = MatMul(p, vr)")


out, *forms = sys.argv[1:]
onnx.save(join((form, globals()[form]()) for form in forms), out)
