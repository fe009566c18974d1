"""One model of several: what the writers of forms share."""
import onnx.compose


def join(models):
    """The models' nodes side by side, from (name, model) each. Inputs of one name are one input; a result has its model's name before its own."""
    whole = onnx.ModelProto()
    for name, model in models:
        if not whole.graph.name:
            whole.CopyFrom(model)
            del whole.graph.node[:], whole.graph.input[:], whole.graph.output[:]
        graph = onnx.compose.add_prefix_graph(model.graph, name + "_", rename_inputs=False)
        known = {value.name for value in whole.graph.input}
        whole.graph.node.extend(graph.node)
        whole.graph.output.extend(graph.output)
        whole.graph.input.extend(value for value in graph.input if value.name not in known)
    return whole
