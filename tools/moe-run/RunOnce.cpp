//===- RunOnce.cpp - inputs from files, outputs to files ----------------------------------------------------------===//
#include "RunOnce.h"
#include "Floats.h"
#include "Npy.h"
#include "Npz.h"
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <sys/stat.h>

namespace moerun {
namespace {

/// The names of values, for messages.
std::string names(const std::vector<const moert_value_info *> &values) {
  std::string result;
  for (const moert_value_info *value : values)
    result += (result.empty() ? "'" : ", '") + std::string(value->name) + "'";
  return result;
}

NamedArrays readInputs(const Model &model, const std::vector<std::string> &files) {
  auto wanted = [&](const std::string &name) {
    int index = model.input(name);
    return index < 0 ? MOERT_FLOAT32 : model.inputs[index]->type;
  };
  NamedArrays arrays;
  auto add = [&](const std::string &name, Array array) {
    if (model.input(name) < 0)
      throw Failure(Exit::Invalid, "the model has no input '" + name + "'; it has " + names(model.inputs));
    if (!arrays.emplace(name, std::move(array)).second)
      throw Failure(Exit::Invalid, "input '" + name + "' is given twice");
  };
  for (const std::string &file : files) {
    size_t equals = file.find('=');
    if (file.ends_with(".npz")) {
      NamedArrays members = readNpz(file, wanted);
      for (auto &[name, array] : members)
        add(name, std::move(array));
    } else if (equals != file.npos && file.ends_with(".npy")) {
      std::string name = file.substr(0, equals);
      add(name, readNpyFile(file.substr(equals + 1), wanted(name)));
    } else {
      throw Failure(Exit::Usage, "--input " + file + ": neither FILE.npz nor NAME=FILE.npy");
    }
  }
  for (const moert_value_info *input : model.inputs) {
    auto found = arrays.find(input->name);
    if (found == arrays.end())
      throw Failure(Exit::Invalid, std::string("input '") + input->name + "' is not given; the model wants " + names(model.inputs));
    Array &array = found->second;
    if (array.type != input->type && isFloat(array.type) && isFloat(input->type)) {
      std::fprintf(stderr, "moe-run: remark: input '%s' is %s; its elements are converted to %s\n", input->name, moert_type_name(array.type),
                   moert_type_name(input->type));
      array = convertFloats(array, input->type);
    }
  }
  return arrays;
}

std::string shape(const moert_tensor &tensor) {
  std::string result;
  for (int32_t axis = 0; axis < tensor.rank; ++axis)
    result += (axis ? ", " : "") + std::to_string(tensor.dims[axis]);
  return "[" + result + "]";
}

std::string fileName(const std::string &name) {
  std::string result;
  for (char c : name)
    result += c == '/' ? "%2F" : c == '%' ? "%25" : std::string(1, c);
  return result + ".npy";
}

} // namespace

void runOnce(Model &model, const std::vector<std::string> &files, const std::string &output) {
  NamedArrays arrays = readInputs(model, files);
  std::vector<moert_tensor> arguments;
  for (const moert_value_info *input : model.inputs)
    arguments.push_back(arrays.at(input->name).tensor());
  std::vector<moert_tensor> results = model.run(arguments);
  if (output.ends_with(".npz")) {
    std::vector<std::pair<std::string, moert_tensor>> named;
    for (size_t i = 0; i < results.size(); ++i)
      named.emplace_back(model.outputs[i]->name, results[i]);
    return writeNpz(output, named);
  }
  if (!output.empty() && ::mkdir(output.c_str(), 0777) != 0 && errno != EEXIST)
    throw Failure(Exit::System, "cannot create " + output + ": " + std::strerror(errno));
  for (size_t i = 0; i < results.size(); ++i) {
    if (output.empty())
      std::printf("%s %s %s\n", model.outputs[i]->name, moert_type_name(results[i].type), shape(results[i]).c_str());
    else
      writeNpyFile(output + "/" + fileName(model.outputs[i]->name), results[i]);
  }
}

} // namespace moerun
