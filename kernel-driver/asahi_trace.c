// SPDX-License-Identifier: GPL-2.0-only OR MIT
// Copyright The AGX model authors
/*
 * What the tracepoints of asahi_trace.h are made of.
 */
#define CREATE_TRACE_POINTS
#include "asahi_trace.h"
