"""Writes the standard's Attention and RotaryEmbedding: standard.py OUT.onnx FORM, a name below."""
import sys

import onnx.parser

HEADS = "float[b,4,s,8] q, float[b,2,l,8] k, float[b,2,l,8] v"
FORMS = {
    # heads in one axis, causal, the default factor
    "packed": (24, "float[b,s,32] q, float[b,s,16] k, float[b,s,16] v", "float[b,s,32] y",
               "y = Attention <is_causal = 1, q_num_heads = 4, kv_num_heads = 2> (q, k, v)"),
    # keys and values of the past, given back with those of this step; a softcap
    "cached": (24, "float[b,4,s,8] q, float[b,2,s,8] k, float[b,2,s,8] v, float[b,2,p,8] pk, float[b,2,p,8] pv",
               "float[b,4,s,8] y, float[b,2,t,8] presentk, float[b,2,t,8] presentv",
               "y, presentk, presentv = Attention <is_causal = 1, scale = 0.25, softcap = 3.0> (q, k, v, , pk, pv)"),
    # a mask of booleans that is causal, and heads that are repeated
    "masked": (24, "float[b,4,s,8] q, float[b,2,s,8] k, float[b,2,s,8] v", "float[b,4,s,8] y", """
      two = Constant <value = int64[1] {2}> ()
      times = Constant <value = int64[5] {1, 1, 2, 1, 1}> ()
      heads = Constant <value = int64[4] {0, 4, -1, 8}> ()
      zero = Constant <value = int64 {0}> ()
      one = Constant <value = int64 {1}> ()
      last = Constant <value = int64[1] {-1}> ()
      k5 = Unsqueeze(k, two)
      v5 = Unsqueeze(v, two)
      ke = Expand(k5, times)
      ve = Expand(v5, times)
      kr = Reshape(ke, heads)
      vr = Reshape(ve, heads)
      sq = Shape <start = 2, end = 3> (q)
      s0 = Squeeze(sq)
      key = Range(zero, s0, one)
      at = Unsqueeze(key, last)
      seen = GreaterOrEqual(at, key)
      y = Attention(q, kr, vr, seen)"""),
    # a cache of which only the first keys count
    "valid": (24, HEADS + ", int64[b] count", "float[b,4,s,8] y", "y = Attention <is_causal = 1> (q, k, v, , , , count)"),
    # another number of keys than queries, counted from the first key
    "crossed": (24, HEADS, "float[b,4,s,8] y", "y = Attention <is_causal = 1> (q, k, v)"),
    # windows to both sides
    "windows": (25, "float[b,4,s,8] q, float[b,2,s,8] k, float[b,2,s,8] v", "float[b,4,s,8] y",
                "y = Attention <left_window_size = 2, right_window_size = 1> (q, k, v)"),
    # the scores are a result too
    "scores": (24, HEADS, "float[b,4,s,8] y, float[b,4,s,l] scores", "y, , , scores = Attention(q, k, v)"),
    # rotary embeddings: rows of tables, of the first 6 of 8; tables for each place, in pairs
    "rotary": (23, "float[b,s,32] x, int64[b,s] positions, float[9,3] cos, float[9,3] sin", "float[b,s,32] y",
               "y = RotaryEmbedding <num_heads = 4, rotary_embedding_dim = 6> (x, cos, sin, positions)"),
    "pairs": (23, "float[b,4,s,8] x, float[b,s,4] cos, float[b,s,4] sin", "float[b,4,s,8] y", "y = RotaryEmbedding <interleaved = 1> (x, cos, sin)"),
}

opset, inputs, outputs, body = FORMS[sys.argv[2]]
onnx.save(onnx.parser.parse_model(f'<ir_version: 11, opset_import: ["" : {opset}]>\ng ({inputs}) => ({outputs}) {{{body}\n}}'), sys.argv[1])
