"""Writes rotary embeddings as exporters do: forms.py OUT.onnx FORM...

x [b, 4, s, 8] turns by the angles position * frequency of pairs (i, i + 4), unless FORM, the name of a function below, says otherwise. The
model has the result FORM_y for each.
"""
import pathlib
import sys

import onnx.parser

sys.path.append(str(pathlib.Path(__file__).parents[1]))
from joined import join

INPUTS = "float[b,4,s,8] x, int64[b,s] positions"
TABLES = """
  frequency = Constant <value = float[4] {1.0, 0.5, 0.25, 0.125}> ()
  last = Constant <value = int64[1] {-1}> ()
  none = Constant <value = int64[1] {0}> ()
  one = Constant <value = int64[1] {1}> ()
  two = Constant <value = int64[1] {2}> ()
  four = Constant <value = int64[1] {4}> ()
  eight = Constant <value = int64[1] {8}> ()
  at = Cast <to = 1> (positions)
  column = Unsqueeze(at, last)
  angle = Mul(column, frequency)
"""
# cos and sin [b, 1, s, 8], each column twice.
TWICE = """
  twice = Concat <axis = -1> (angle, angle)
  c3 = Cos(twice)
  s3 = Sin(twice)
  cos = Unsqueeze(c3, one)
  sin = Unsqueeze(s3, one)
"""
# [b, 1, s, 4].
ONCE = """
  c3 = Cos(angle)
  s3 = Sin(angle)
  cos = Unsqueeze(c3, one)
  sin = Unsqueeze(s3, one)
"""
TURN = """
  low = Slice({0}, none, four, last)
  high = Slice({0}, four, eight, last)
  minus = Neg(high)
  turned = Concat <axis = -1> (minus, low)
  a = Mul({0}, cos)
  c = Mul(turned, sin)
"""
# A pair of places u, v that turns.
PAIR = """
  uc = Mul(u, cos)
  vs = Mul(v, sin)
  left = Sub(uc, vs)
  us = Mul(u, sin)
  vc = Mul(v, cos)
  right = Add(us, vc)
"""


def model(body, inputs=INPUTS, output="float[b,4,s,8] y"):
    return onnx.parser.parse_model(f'<ir_version: 10, opset_import: ["" : 20]>\ng ({inputs}) => ({output}) {{{TABLES}{body}}}')


def halves():
    """x * cos + rotate(x) * sin"""
    return model(TWICE + TURN.format("x") + "y = Add(a, c)")


def scaled():
    """the tables times a factor, the sum the other way round"""
    return model(TWICE.replace("c3 = Cos", "c1 = Cos").replace("s3 = Sin", "s1 = Sin").replace("  cos =", "  f = Constant <value = float {1.25}> ()\n  c3 = Mul(c1, f)\n  s3 = Mul(f, s1)\n  cos =")
                 + TURN.format("x").replace("Mul(turned, sin)", "Mul(sin, turned)") + "y = Add(c, a)")


def split():
    """both halves on their own, joined"""
    return model(ONCE + """
  u, v = Split <axis = -1, num_outputs = 2> (x)
  uc = Mul(u, cos)
  vs = Mul(v, sin)
  left = Sub(uc, vs)
  vc = Mul(v, cos)
  us = Mul(u, sin)
  right = Add(vc, us)
  y = Concat <axis = -1> (left, right)""")


def interleaved():
    """pairs (2i, 2i + 1) of [b, s, 4, 8], stacked and flattened"""
    return model(ONCE.replace("one)", "two)") + """
  shape = Constant <value = int64[5] {0, 0, 4, 4, 2}> ()
  flat = Constant <value = int64[4] {0, 0, 4, 8}> ()
  i0 = Constant <value = int64 {0}> ()
  i1 = Constant <value = int64 {1}> ()
  rows = Transpose <perm = [0, 2, 1, 3]> (x)
  pairs = Reshape(rows, shape)
  u = Gather <axis = -1> (pairs, i0)
  v = Gather <axis = -1> (pairs, i1)
""" + PAIR + """  left1 = Unsqueeze(left, last)
  right1 = Unsqueeze(right, last)
  both = Concat <axis = -1> (left1, right1)
  turned = Reshape(both, flat)
  y = Transpose <perm = [0, 2, 1, 3]> (turned)""")


def regrouped():
    """takes pairs (2i, 2i + 1) and gives them back as halves"""
    return model(ONCE + """
  u = Slice(x, none, eight, last, two)
  v = Slice(x, one, eight, last, two)
""" + PAIR + """  y = Concat <axis = -1> (left, right)""")


def partial():
    """the first 8 of 12 turn"""
    return model(TWICE + """
  x8 = Slice(wide, none, eight, last)
  twelve = Constant <value = int64[1] {12}> ()
  rest = Slice(wide, eight, twelve, last)
""" + TURN.format("x8") + "turning = Add(a, c)\n y = Concat <axis = -1> (turning, rest)", "float[b,4,s,12] wide, int64[b,s] positions", "float[b,4,s,12] y")


def single():
    """rank 3: one head, tables that are gathered"""
    return model("""
  c4 = Gather(ctable, positions)
  s4 = Gather(stable, positions)
  cos = Concat <axis = -1> (c4, c4)
  sin = Concat <axis = -1> (s4, s4)
""" + TURN.format("key") + "y = Add(a, c)", "float[b,s,8] key, int64[b,s] positions, float[9,4] ctable, float[9,4] stable", "float[b,s,8] y")


def backwards():
    """no rotary embedding: turns the other way"""
    return model(TWICE + TURN.format("x").replace("Neg(high)", "Identity(high)").replace("(minus, low)", "(minus, lown)").replace("  turned", "  lown = Neg(low)\n  turned") + "y = Add(a, c)")


def mirrored():
    """no rotary embedding: no sign anywhere"""
    return model(TWICE + TURN.format("x").replace("Neg(high)", "Identity(high)") + "y = Add(a, c)")


def uneven():
    """no rotary embedding: the places of a pair turn by two angles"""
    return model(TWICE.replace("(angle, angle)", "(angle, other)").replace("  twice", "  half = Constant <value = float {0.5}> ()\n  other = Mul(angle, half)\n  twice") + TURN.format("x") + "y = Add(a, c)")


out, *forms = sys.argv[1:]
onnx.save(join((form, globals()[form]()) for form in forms), out)
