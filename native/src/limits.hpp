// Limits of this machine that figures are measured against.
#pragma once

#include <nanobind/nanobind.h>

namespace crossmargin {

void bind_limits(nanobind::module_& m);

}  // namespace crossmargin
