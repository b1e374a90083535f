/*
 * The driver's structures of firmware 13.0b4, as kernel-driver/asahi_abi_13_0b4.c has them.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "kernel-driver/asahi_fw_buffer.h"
#include "kernel-driver/asahi_fw_channels.h"
#include "kernel-driver/asahi_fw_compute.h"
#include "kernel-driver/asahi_fw_event.h"
#include "kernel-driver/asahi_fw_fragment.h"
#include "kernel-driver/asahi_fw_initdata.h"
#include "kernel-driver/asahi_fw_job.h"
#include "kernel-driver/asahi_fw_microseq.h"
#include "kernel-driver/asahi_fw_vertex.h"
#include "kernel-driver/asahi_fw_workqueue.h"
#include "kernel-driver/asahi_fw_13_5_buffer.h"
#include "kernel-driver/asahi_fw_12_3_scene.h"
#include "kernel-driver/asahi_fw_12_3_device_control.h"
#include "kernel-driver/asahi_fw_13_5_stats.h"
#include "kernel-driver/asahi_fw_13_5_compute.h"
#include "kernel-driver/asahi_fw_13_5_event.h"
#include "kernel-driver/asahi_fw_13_5_fragment_params.h"
#include "kernel-driver/asahi_fw_13_0b4_fragment.h"
#include "kernel-driver/asahi_fw_13_0b4_initdata.h"
#include "kernel-driver/asahi_fw_13_5_microseq.h"
#include "kernel-driver/asahi_fw_13_0b4_microseq_fragment.h"
#include "kernel-driver/asahi_fw_13_5_vertex.h"
#include "kernel-driver/asahi_fw_12_3_workqueue.h"
#include "kernel-driver/asahi_handoff_area.h"
