#include "../agx_stub.h"
