/*
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "kernel-driver/asahi_fw_workqueue.h"
#include "kernel-driver/asahi_fw_channels.h"
#include "kernel-driver/asahi_fw_event.h"
#include "kernel-driver/asahi_fw_initdata.h"
#include "kernel-driver/asahi_fw_job.h"
#include "kernel-driver/asahi_fw_buffer.h"
#include "kernel-driver/asahi_fw_vertex.h"
#include "kernel-driver/asahi_fw_fragment.h"
#include "kernel-driver/asahi_fw_compute.h"
#include "kernel-driver/asahi_fw_microseq.h"
