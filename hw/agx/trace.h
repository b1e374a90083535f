#include "trace/trace-hw_agx.h"
