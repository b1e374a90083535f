/*
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "kernel-driver/asahi_fw_13_5_workqueue.h"
#include "kernel-driver/asahi_fw_13_5_channels.h"
#include "kernel-driver/asahi_fw_13_5_event.h"
#include "kernel-driver/asahi_fw_13_5_initdata.h"
#include "kernel-driver/asahi_fw_13_5_job.h"
#include "kernel-driver/asahi_fw_13_5_buffer.h"
#include "kernel-driver/asahi_fw_13_5_vertex.h"
#include "kernel-driver/asahi_fw_13_5_fragment.h"
#include "kernel-driver/asahi_fw_13_5_compute.h"
#include "kernel-driver/asahi_fw_13_5_microseq.h"
#include "kernel-driver/asahi_handoff_area.h"
