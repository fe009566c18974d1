//===- Moe.td - all of the moe dialect ---------------------------------------------------------------------------===//
include "MoeMemoryOps.td"
include "MoeStateOps.td"
include "MoeRoutingOps.td"
include "MoeExpertOps.td"
include "MoeAttentionOps.td"
include "MoeScanOps.td"
include "MoeQuantOps.td"
