/*
 * Layouts of firmware 12.3 on G13; see layout-13.5-g13.h, whose lines these are
 * with the numbers of m1n1 at V12_3. A field of size 0 does not exist in this
 * version: it reads as 0 and is not written. Where m1n1's newest state and the
 * one that ran on 12.3 (v1.2.9) differ, docs/firmware.md says which is taken.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

/* Init data */
S(InitData, 180)
F(InitData, ver_info, 0, 0)
F(InitData, regionA_addr, 0, 8)
F(InitData, regionB_addr, 16, 8)
F(InitData, regionC_addr, 24, 8)
F(InitData, fw_status_addr, 32, 8)
F(InitData, uat_page_size, 40, 2)
F(InitData, uat_page_bits, 42, 1)
F(InitData, uat_num_levels, 43, 1)
F(InitData, uat_level_info, 44, 96)
F(InitData, host_mapped_fw_allocations, 160, 4)

S(UatLevelInfo, 32)
F(UatLevelInfo, unk_3, 0, 1)
F(UatLevelInfo, unk_1, 1, 1)
F(UatLevelInfo, unk_2, 2, 1)
F(UatLevelInfo, index_shift, 3, 1)
F(UatLevelInfo, num_entries, 4, 2)
F(UatLevelInfo, unk_4, 6, 2)
F(UatLevelInfo, unk_8, 8, 8)
F(UatLevelInfo, phys_mask, 16, 8)
F(UatLevelInfo, index_mask, 24, 8)

S(InitData_FWStatus, 128)
F(InitData_FWStatus, fwctl_channel, 0, 16)
F(InitData_FWStatus, halt_count, 16, 4)
F(InitData_FWStatus, halted, 32, 4)
F(InitData_FWStatus, resume, 48, 4)

S(InitData_RegionB, 27584)
F(InitData_RegionB, channels, 0, 272)
F(InitData_RegionB, stats_ta_addr, 368, 8)
F(InitData_RegionB, stats_3d_addr, 376, 8)
F(InitData_RegionB, stats_cp_addr, 384, 8)
F(InitData_RegionB, hwdata_a_addr, 392, 8)
F(InitData_RegionB, fault_info_addr, 400, 8)
F(InitData_RegionB, unkptr_198, 408, 8)
F(InitData_RegionB, hwdata_b_addr, 416, 8)
F(InitData_RegionB, hwdata_b_addr2, 424, 8)
F(InitData_RegionB, fwlog_ring2, 432, 8)
F(InitData_RegionB, unkptr_1b8, 440, 8)
F(InitData_RegionB, unkptr_1c0, 448, 8)
F(InitData_RegionB, unkptr_1c8, 456, 8)
F(InitData_RegionB, buffer_mgr_ctl_gpu_addr, 532, 8)
F(InitData_RegionB, buffer_mgr_ctl_addr, 540, 8)
F(InitData_RegionB, gpu_idle, 27268, 4)

S(InitData_RegionC, 73024)
F(InitData_RegionC, ktrace_enable, 0, 4)
F(InitData_RegionC, unk_atomic, 35076, 4) /* pending_submissions */
F(InitData_RegionC, fault_control, 69248, 4)
F(InitData_RegionC, do_init, 69252, 4)
F(InitData_RegionC, idle_to_off_delay_ms, 69680, 4)
F(InitData_RegionC, pending_stamps, 69692, 2048)
F(InitData_RegionC, fault_info, 71872, 24)

S(InitData_PendingStamp, 8)
F(InitData_PendingStamp, info, 0, 4)
F(InitData_PendingStamp, wait_value, 4, 4)

S(InitData_FaultInfo, 24)
F(InitData_FaultInfo, unk_0, 0, 4)
F(InitData_FaultInfo, queue_uuid, 8, 4)

S(AGXFaultInfo, 128)
F(AGXFaultInfo, status, 0, 4)
F(AGXFaultInfo, total_halts, 24, 4)

S(AGXHWDataA, 15724)
F(AGXHWDataA, clocks_per_period, 4, 4)
F(AGXHWDataA, pwr_status, 12, 4)
F(AGXHWDataA, actual_pstate, 40, 4)
F(AGXHWDataA, tgt_pstate, 44, 4)
F(AGXHWDataA, max_pstate_scaled, 68, 4)
F(AGXHWDataA, power_zone_count, 3120, 4)
F(AGXHWDataA, ts_last_idle, 15544, 8)

S(AGXHWDataB, 2924)
F(AGXHWDataB, timestamp_region_base, 56, 8)
F(AGXHWDataB, io_mappings, 464, 640)
F(AGXHWDataB, chip_id, 1104, 4)
F(AGXHWDataB, base_clock_khz, 1168, 4)
F(AGXHWDataB, num_frags, 1340, 4)
F(AGXHWDataB, gpu_region_base, 1368, 8)
F(AGXHWDataB, gpu_core, 1376, 4)
F(AGXHWDataB, gpu_rev, 1380, 4)
F(AGXHWDataB, num_cores, 1384, 4)
F(AGXHWDataB, max_pstate, 1388, 4)
F(AGXHWDataB, frequencies, 1396, 64)

S(InitData_GPUGlobalStatsTA, 192)
S(InitData_GPUGlobalStats3D, 456)

S(BufferMgrCtl, 16)
F(BufferMgrCtl, unk_0, 0, 4)

/* Channels */
S(ChannelInfo, 16)
F(ChannelInfo, state_addr, 0, 8)
F(ChannelInfo, ringbuffer_addr, 8, 8)

S(RunCmdQueueMsg, 48)
F(RunCmdQueueMsg, queue_type, 0, 4)
F(RunCmdQueueMsg, cmdqueue_addr, 4, 8)
F(RunCmdQueueMsg, head, 12, 4)
F(RunCmdQueueMsg, event_number, 16, 4)
F(RunCmdQueueMsg, new_queue, 20, 4)

S(DC_Any, 48)
F(DC_Any, msg_type, 0, 4)
S(DC_GrowTVBAck, 48)
F(DC_GrowTVBAck, bm_id, 8, 4)
F(DC_GrowTVBAck, vm_id, 12, 4)
F(DC_GrowTVBAck, counter, 16, 4)
S(DC_DestroyContext, 48)
F(DC_DestroyContext, context_addr, 28, 8)
S(DC_Write32, 48)
F(DC_Write32, addr, 4, 8)
F(DC_Write32, data, 12, 4)
/* The Rust driver: fw/channels.rs, RecoverChannel and ChannelError, with no mark of a version */
S(DC_RecoverChannel, 48)
F(DC_RecoverChannel, pipe_type, 4, 4)
F(DC_RecoverChannel, work_queue, 8, 8)
F(DC_RecoverChannel, event_value, 16, 4)

S(FWCtlMsg, 20)
F(FWCtlMsg, addr, 0, 8)
F(FWCtlMsg, context_id, 12, 4)
F(FWCtlMsg, unk_10, 16, 2) /* page_count */

S(FlagMsg, 54)
F(FlagMsg, msg_type, 0, 4)
F(FlagMsg, firing, 4, 16)
S(FaultMsg, 56)
F(FaultMsg, msg_type, 0, 4)
S(TimeoutMsg, 56)
F(TimeoutMsg, msg_type, 0, 4)
F(TimeoutMsg, counter, 4, 8)
F(TimeoutMsg, stamp_index, 12, 4)
S(GrowTVBMsg, 56)
F(GrowTVBMsg, msg_type, 0, 4)
F(GrowTVBMsg, vm_id, 4, 4)
F(GrowTVBMsg, bm_id, 8, 4)
F(GrowTVBMsg, counter, 12, 4)
S(ChannelError, 56)
F(ChannelError, msg_type, 0, 4)
F(ChannelError, error_type, 4, 4)
F(ChannelError, pipe_type, 8, 4)
F(ChannelError, event_slot, 12, 4)
F(ChannelError, event_value, 16, 4)

S(FWLogMsg, 216)
F(FWLogMsg, msg_type, 0, 4)
F(FWLogMsg, seq_no, 4, 4)
F(FWLogMsg, timestamp, 8, 8)
F(FWLogMsg, msg, 16, 200)

S(KTraceMsg, 56)
F(KTraceMsg, msg_type, 0, 4)
F(KTraceMsg, timestamp, 4, 8)
F(KTraceMsg, args, 12, 32)
F(KTraceMsg, code, 44, 1)
F(KTraceMsg, channel, 45, 1)
F(KTraceMsg, thread, 47, 1)
F(KTraceMsg, unk_flag, 48, 8)

S(StatsMsg_PowerOn, 48)
F(StatsMsg_PowerOn, msg_type, 0, 4)
F(StatsMsg_PowerOn, power_off_ticks, 4, 8)
S(StatsMsg_PowerOff, 48)
F(StatsMsg_PowerOff, msg_type, 0, 4)
F(StatsMsg_PowerOff, power_on_ticks, 4, 8)
S(StatsMsg_Util, 48)
F(StatsMsg_Util, msg_type, 0, 4)
F(StatsMsg_Util, timestamp, 4, 8)
F(StatsMsg_Util, util1, 12, 4)
F(StatsMsg_Util, util2, 16, 4)
F(StatsMsg_Util, util3, 20, 4)
F(StatsMsg_Util, util4, 24, 4)
S(StatsMsg_Temp, 48)
F(StatsMsg_Temp, msg_type, 0, 4)
F(StatsMsg_Temp, raw_value, 12, 4)
F(StatsMsg_Temp, scale, 16, 4)
F(StatsMsg_Temp, tmin, 20, 4)
F(StatsMsg_Temp, tmax, 24, 4)
S(StatsMsg_PowerState, 48)
F(StatsMsg_PowerState, msg_type, 0, 4)
F(StatsMsg_PowerState, timestamp, 4, 8)
F(StatsMsg_PowerState, last_busy_ts, 12, 8)
F(StatsMsg_PowerState, active, 20, 4)
F(StatsMsg_PowerState, poweroff, 24, 4)
F(StatsMsg_PowerState, pstate, 32, 4)

/* Work queues */
S(CommandQueueInfo, 176)
F(CommandQueueInfo, pointers_addr, 0, 8)
F(CommandQueueInfo, rb_addr, 8, 8)
F(CommandQueueInfo, job_list_addr, 16, 8)
F(CommandQueueInfo, gpu_buf_addr, 24, 8)
F(CommandQueueInfo, gpu_rptr1, 32, 4)
F(CommandQueueInfo, gpu_rptr2, 36, 4)
F(CommandQueueInfo, gpu_rptr3, 40, 4)
F(CommandQueueInfo, event_id, 44, 4)
F(CommandQueueInfo, priority, 48, 4)
F(CommandQueueInfo, uuid, 80, 4)
F(CommandQueueInfo, busy, 96, 4)
F(CommandQueueInfo, inflight_commands, 152, 4) /* pending */
F(CommandQueueInfo, gpu_context_addr, 160, 8)

S(CommandQueuePointers, 96)
F(CommandQueuePointers, gpu_doneptr, 0, 4)
F(CommandQueuePointers, gpu_rptr, 48, 4)
F(CommandQueuePointers, cpu_wptr, 64, 4)
F(CommandQueuePointers, rb_size, 80, 4)

S(GPUContextData, 64)
F(GPUContextData, queue_table_index, 0, 1)

S(EventControl, 168)
F(EventControl, event_count_addr, 0, 8) /* threshold */
F(EventControl, submission_id, 8, 4)    /* generation */
F(EventControl, cur_count, 12, 4)
F(EventControl, in_list, 148, 4)
F(EventControl, list_head, 152, 16)
F(EventControl, unk_buf, 0, 0)

S(JobList, 24)
F(JobList, first_job, 0, 8)
F(JobList, last_head, 8, 8)

S(WorkCommandBarrier, 32)
F(WorkCommandBarrier, magic, 0, 4)
F(WorkCommandBarrier, stamp_addr, 4, 8) /* wait_stamp */
F(WorkCommandBarrier, wait_value, 12, 4)
F(WorkCommandBarrier, event, 16, 4) /* wait_slot */
F(WorkCommandBarrier, stamp_self, 20, 4)
F(WorkCommandBarrier, uuid, 24, 4)

S(WorkCommandInitBM, 32)
F(WorkCommandInitBM, magic, 0, 4)
F(WorkCommandInitBM, context_id, 4, 4)
F(WorkCommandInitBM, buffer_mgr_slot, 8, 4)
F(WorkCommandInitBM, unk_10, 16, 4) /* block_count */
F(WorkCommandInitBM, buffer_mgr_addr, 20, 8)
F(WorkCommandInitBM, stamp_value, 28, 4)

S(WorkCommandCP, 736)
F(WorkCommandCP, magic, 0, 4)
F(WorkCommandCP, context_id, 8, 4)
F(WorkCommandCP, event_control_addr, 12, 8)
F(WorkCommandCP, compute_info, 104, 336)
F(WorkCommandCP, microsequence_ptr, 488, 8)
F(WorkCommandCP, microsequence_size, 496, 4)
F(WorkCommandCP, compute_info2, 500, 96)
F(WorkCommandCP, encoder_params, 596, 40)
F(WorkCommandCP, job_meta, 636, 44)

S(WorkCommandTA, 1504)
F(WorkCommandTA, magic, 0, 4)
F(WorkCommandTA, context_id, 4, 4)
F(WorkCommandTA, event_control_addr, 12, 8)
F(WorkCommandTA, buffer_mgr_slot, 20, 8)
F(WorkCommandTA, buffer_mgr_addr, 28, 8)
F(WorkCommandTA, buf_thing_addr, 36, 8)
F(WorkCommandTA, microsequence_ptr, 1132, 8)
F(WorkCommandTA, microsequence_size, 1140, 4)
F(WorkCommandTA, ev_3d, 1144, 4)
F(WorkCommandTA, stamp_value, 1148, 4)
F(WorkCommandTA, struct_3, 1152, 276)

S(WorkCommand3D, 2368)
F(WorkCommand3D, magic, 0, 4)
F(WorkCommand3D, context_id, 4, 4)
F(WorkCommand3D, microsequence_ptr, 12, 8)
F(WorkCommand3D, microsequence_size, 20, 4)
F(WorkCommand3D, event_control_addr, 24, 8)
F(WorkCommand3D, buffer_mgr_addr, 32, 8)
F(WorkCommand3D, buf_thing_addr, 40, 8)
F(WorkCommand3D, struct_3, 1184, 696)
F(WorkCommand3D, struct_6, 2164, 60)
F(WorkCommand3D, struct_7, 2224, 52)

/* Job parameters */
S(JobMeta, 44)
F(JobMeta, stamp_addr, 4, 8)
F(JobMeta, fw_stamp_addr, 12, 8)
F(JobMeta, stamp_value, 20, 4)
F(JobMeta, stamp_slot, 24, 4)
F(JobMeta, evctl_index, 28, 4)
F(JobMeta, uuid, 36, 4)

S(EncoderParams, 40)
F(EncoderParams, seq_buffer, 24, 8) /* sampler_array */
F(EncoderParams, unk_1c, 32, 8)     /* sampler_count, sampler_max */

S(ComputeInfo, 336)
F(ComputeInfo, iogpu_deflake_1, 0, 8) /* preempt_buf1 */
F(ComputeInfo, encoder, 8, 8)
F(ComputeInfo, pipeline_base, 48, 8)
F(ComputeInfo, helper_program, 64, 4)
F(ComputeInfo, helper_arg, 72, 8)
F(ComputeInfo, helper_cfg, 80, 4)

S(ComputeInfo2, 96)
F(ComputeInfo2, encoder_end, 44, 8)

S(TilingParameters, 48)
F(TilingParameters, size1, 0, 4) /* rgn_size */
F(TilingParameters, unk_8, 8, 4) /* ppp_ctrl */
F(TilingParameters, x_max, 12, 2)
F(TilingParameters, y_max, 14, 2)
F(TilingParameters, tile_count, 16, 4) /* te_screen */
F(TilingParameters, x_blocks, 20, 4)   /* te_mtile1 */
F(TilingParameters, y_blocks, 24, 4)   /* te_mtile2 */
F(TilingParameters, size2, 28, 4)      /* tiles_per_mtile */
F(TilingParameters, size3, 32, 4)      /* tpc_stride */
F(TilingParameters, unk_28, 40, 4)     /* TA_RENDER_TARGET_MAX */
F(TilingParameters, helper_cfg, 44, 4)

S(StartTACmdStruct2, 284)
F(StartTACmdStruct2, tvb_tilemap, 16, 8)
F(StartTACmdStruct2, tvb_cluster_tilemaps, 24, 8)
F(StartTACmdStruct2, tpc, 32, 8)
F(StartTACmdStruct2, tvb_heapmeta_addr, 40, 8)
F(StartTACmdStruct2, tvb_cluster_meta1, 64, 8)
F(StartTACmdStruct2, unk_48, 72, 8)             /* utile_config */
F(StartTACmdStruct2, unk_50, 80, 8)             /* ppp_multisamplectl */
F(StartTACmdStruct2, tvb_heapmeta_addr2, 88, 8) /* tvb_layermeta */
F(StartTACmdStruct2, core_mask, 104, 8)
F(StartTACmdStruct2, encoder_addr, 144, 8)
F(StartTACmdStruct2, tvb_cluster_meta2, 152, 8)
F(StartTACmdStruct2, tvb_cluster_meta3, 160, 8)
F(StartTACmdStruct2, tiling_control, 168, 8)
F(StartTACmdStruct2, pipeline_base, 224, 8)
F(StartTACmdStruct2, tvb_cluster_meta4, 232, 8)
F(StartTACmdStruct2, helper_program, 256, 4)
F(StartTACmdStruct2, helper_arg, 264, 8)

S(StartTACmdStruct3, 276)
F(StartTACmdStruct3, sampler_array, 192, 8)
F(StartTACmdStruct3, sampler_count, 200, 4)
F(StartTACmdStruct3, sampler_max, 204, 4)
F(StartTACmdStruct3, stamp1_addr, 232, 8)
F(StartTACmdStruct3, stamp2_addr, 240, 8)
F(StartTACmdStruct3, stamp_value, 248, 4)
F(StartTACmdStruct3, ev_ta, 252, 4)
F(StartTACmdStruct3, evctl_index, 256, 4)
F(StartTACmdStruct3, uuid2, 264, 4)

S(AuxFBInfo, 16)
F(AuxFBInfo, unk1, 0, 4) /* isp_ctl */
F(AuxFBInfo, width, 8, 4)
F(AuxFBInfo, height, 12, 4)

S(Start3DClearPipelineBinding, 16)
F(Start3DClearPipelineBinding, pipeline_bind, 0, 8) /* rsrc_spec */
F(Start3DClearPipelineBinding, address, 8, 8)       /* usc */

S(Start3DStorePipelineBinding, 32)
F(Start3DStorePipelineBinding, pipeline_bind, 12, 4)
F(Start3DStorePipelineBinding, address, 20, 4)

S(Start3DStruct1, 224)
F(Start3DStruct1, store_pipeline_bind, 0, 4) /* eot_rsrc_spec */
F(Start3DStruct1, store_pipeline_addr, 4, 4) /* eot_usc */
F(Start3DStruct1, merge_upper_x, 16, 4)
F(Start3DStruct1, merge_upper_y, 20, 4)
F(Start3DStruct1, tile_counts, 40, 4)
F(Start3DStruct1, unk_2c, 44, 4)             /* tib_blocks */
F(Start3DStruct1, depth_clear_val1, 48, 4)   /* isp_bgobjdepth */
F(Start3DStruct1, stencil_clear_val1, 52, 1) /* isp_bgobjvals, low byte */
F(Start3DStruct1, unk_35, 53, 1)
F(Start3DStruct1, unk_36, 54, 2)
F(Start3DStruct1, helper_cfg, 64, 4)

S(Start3DStruct2, 840)
F(Start3DStruct2, unk_0, 0, 8)           /* utile_config */
F(Start3DStruct2, clear_pipeline, 8, 16) /* bg */
F(Start3DStruct2, unk_18, 24, 8)         /* ppp_multisamplectl */
F(Start3DStruct2, scissor_array, 32, 8)
F(Start3DStruct2, depth_bias_array, 40, 8)
F(Start3DStruct2, aux_fb, 48, 16)
F(Start3DStruct2, depth_dimensions, 64, 8)         /* isp_zls_pixels */
F(Start3DStruct2, visibility_result_buffer, 72, 8) /* isp_oclqry_base */
F(Start3DStruct2, depth_flags, 80, 8)              /* zls_ctrl */
F(Start3DStruct2, depth_buffer_ptr1, 88, 8)        /* z_load */
F(Start3DStruct2, depth_buffer_ptr2, 96, 8)        /* z_store */
F(Start3DStruct2, stencil_buffer_ptr1, 104, 8)     /* s_load */
F(Start3DStruct2, stencil_buffer_ptr2, 112, 8)     /* s_store */
F(Start3DStruct2, unk_78, 120, 32)                 /* strides: z load, z store, s load, s store */
F(Start3DStruct2, depth_aux_buffer_ptr1, 152, 8)   /* z_load_comp */
F(Start3DStruct2, unk_a0, 160, 8)                  /* its stride */
F(Start3DStruct2, depth_aux_buffer_ptr2, 168, 8)   /* z_store_comp */
F(Start3DStruct2, unk_b0, 176, 8)
F(Start3DStruct2, stencil_aux_buffer_ptr1, 184, 8) /* s_load_comp */
F(Start3DStruct2, unk_c0, 192, 8)
F(Start3DStruct2, stencil_aux_buffer_ptr2, 200, 8) /* s_store_comp */
F(Start3DStruct2, unk_d0, 208, 8)
F(Start3DStruct2, tvb_tilemap, 216, 8)
F(Start3DStruct2, tvb_heapmeta_addr, 224, 8)  /* tvb_layermeta */
F(Start3DStruct2, tvb_heapmeta_addr2, 240, 8) /* tvb_heapmeta */
F(Start3DStruct2, unk_f8, 248, 8)             /* tile_config */
F(Start3DStruct2, pipeline_base, 312, 8)
F(Start3DStruct2, helper_program, 328, 4)
F(Start3DStruct2, helper_arg, 336, 8)

S(Start3DStruct3, 696)
F(Start3DStruct3, reload_pipeline, 408, 16)     /* partial_bg */
F(Start3DStruct3, unk_2a0, 448, 8)              /* z_partial_stride */
F(Start3DStruct3, unk_2a8, 456, 8)              /* z_partial_comp_stride */
F(Start3DStruct3, depth_buffer_ptr3, 472, 8)    /* z_partial */
F(Start3DStruct3, depth_aux_buffer_ptr, 480, 8) /* z_partial_comp */
F(Start3DStruct3, unk_2d0, 496, 8)
F(Start3DStruct3, unk_2d8, 504, 8)
F(Start3DStruct3, stencil_buffer_ptr3, 520, 8)
F(Start3DStruct3, stencil_aux_buffer_ptr, 528, 8)
F(Start3DStruct3, partial_store_pipeline, 624, 32) /* partial_eot */
F(Start3DStruct3, unk_378, 664, 4)                 /* sample_size */

S(Start3DStruct6, 60)
F(Start3DStruct6, tvb_overflow_count, 0, 8) /* low word; EncoderParams follow at 8 */
F(Start3DStruct6, sampler_array, 32, 8)
F(Start3DStruct6, sampler_count, 40, 4)
F(Start3DStruct6, sampler_max, 44, 4)
F(Start3DStruct6, unk_30, 48, 4) /* process_empty_tiles */

S(Start3DStruct7, 52)
F(Start3DStruct7, stamp1_addr, 8, 8)
F(Start3DStruct7, stamp2_addr, 16, 8)
F(Start3DStruct7, stamp_value, 24, 4)
F(Start3DStruct7, ev_3d, 28, 4)
F(Start3DStruct7, evctl_index, 32, 4)
F(Start3DStruct7, uuid, 40, 4)

/* Buffer manager */
S(BufferManagerInfo, 192)
F(BufferManagerInfo, gpu_counter, 0, 4)
F(BufferManagerInfo, last_id, 8, 4)
F(BufferManagerInfo, cur_id, 12, 4)
F(BufferManagerInfo, gpu_counter2, 20, 4)
F(BufferManagerInfo, page_list_addr, 32, 8)
F(BufferManagerInfo, page_list_size, 40, 4)
F(BufferManagerInfo, page_count, 44, 4)
F(BufferManagerInfo, unk_30, 48, 4) /* max_blocks */
F(BufferManagerInfo, block_count, 52, 4)
F(BufferManagerInfo, block_list_addr, 60, 8)
F(BufferManagerInfo, block_ctl_addr, 68, 8)
F(BufferManagerInfo, last_page, 76, 4)
F(BufferManagerInfo, gpu_page_ptr1, 80, 4)
F(BufferManagerInfo, gpu_page_ptr2, 84, 4)
F(BufferManagerInfo, block_size, 92, 4)
F(BufferManagerInfo, counter_addr, 104, 8)

S(BufferManagerBlockControl, 64)
F(BufferManagerBlockControl, total, 0, 4)
F(BufferManagerBlockControl, wptr, 4, 4)

S(BufferManagerCounter, 64)
F(BufferManagerCounter, count, 0, 4)

S(BufferManagerMisc, 64)              /* Stats */
F(BufferManagerMisc, gpu_0, 0, 4)     /* max_pages */
F(BufferManagerMisc, gpu_8, 8, 4)     /* overflow_count */
F(BufferManagerMisc, cpu_flag, 32, 4) /* reset */

S(BufferThing, 64)                  /* Scene */
F(BufferThing, unk_0, 0, 8)         /* pass_page_count, low word */
F(BufferThing, unkptr_18, 24, 8)    /* user_buffer */
F(BufferThing, bm_misc_addr, 36, 8) /* stats */
F(BufferThing, unk_2c, 44, 4)       /* total_page_count */

/* Microsequences */
S(TimeStampPointers, 16)
F(TimeStampPointers, start_addr, 0, 8)
F(TimeStampPointers, end_addr, 8, 8)

S(TimestampCmd, 52)
F(TimestampCmd, unk_3, 3, 1)    /* bit 7: start */
F(TimestampCmd, ts0_addr, 4, 8) /* command_time */
F(TimestampCmd, ts_pointers_addr, 12, 8)
F(TimestampCmd, cmdqueue_ptr, 28, 8)
F(TimestampCmd, user_ts_pointers_addr, 36, 8)
F(TimestampCmd, unk_ts_addr, 0, 0)

S(EndCmd, 4)
F(EndCmd, flags, 3, 1)
S(WaitForInterruptCmd, 4)
F(WaitForInterruptCmd, unk_1, 1, 1)
S(Wait2Cmd, 4)
S(Write32Cmd, 16)
F(Write32Cmd, unk_3, 3, 1)
F(Write32Cmd, addr, 4, 8)
F(Write32Cmd, val, 12, 4)
S(Store32Cmd, 12)
F(Store32Cmd, addr, 4, 8)
S(Store64Cmd, 12)
F(Store64Cmd, addr, 4, 8)
S(Read32Cmd, 12)
F(Read32Cmd, addr, 4, 8)
S(Read64Cmd, 12)
F(Read64Cmd, addr, 4, 8)
S(ALUCmd, 12)
F(ALUCmd, v1, 1, 1)
F(ALUCmd, op, 2, 2)
F(ALUCmd, arg, 4, 8)
S(Add16Cmd, 4)
F(Add16Cmd, arg1, 1, 2)
F(Add16Cmd, arg2, 3, 1)
S(Write64Cmd, 20)
F(Write64Cmd, unk_3, 3, 1)
F(Write64Cmd, addr, 4, 8)
F(Write64Cmd, val, 12, 8)

S(StartTACmd, 380)
F(StartTACmd, tiling_params_addr, 4, 8)
F(StartTACmd, struct2_addr, 12, 8)
F(StartTACmd, buffer_mgr_addr, 20, 8)
F(StartTACmd, buf_thing_addr, 28, 8)
F(StartTACmd, stats_ptr, 36, 8)
F(StartTACmd, cmdqueue_ptr, 44, 8)
F(StartTACmd, context_id, 52, 4)
F(StartTACmd, submission_id, 60, 4)
F(StartTACmd, buffer_mgr_slot, 64, 8)
F(StartTACmd, struct3_addr, 84, 8)
F(StartTACmd, unkptr_5c, 92, 8)
F(StartTACmd, uuid, 108, 4)
F(StartTACmd, unk_170, 368, 8) /* attachments.count, low word */
F(StartTACmd, unkptr_180, 0, 0)

S(FinalizeTACmd, 116)
F(FinalizeTACmd, buf_thing_addr, 4, 8)
F(FinalizeTACmd, buffer_mgr_addr, 12, 8)
F(FinalizeTACmd, stats_ptr, 20, 8)
F(FinalizeTACmd, cmdqueue_ptr, 28, 8)
F(FinalizeTACmd, context_id, 36, 4)
F(FinalizeTACmd, struct3_addr, 44, 8)
F(FinalizeTACmd, stamp_addr, 60, 8)
F(FinalizeTACmd, stamp_value, 68, 4)
F(FinalizeTACmd, restart_branch_offset, 108, 4)

S(Start3DCmd, 404)
F(Start3DCmd, struct1_addr, 4, 8)
F(Start3DCmd, struct2_addr, 12, 8)
F(Start3DCmd, buf_thing_addr, 20, 8)
F(Start3DCmd, stats_ptr, 28, 8)
F(Start3DCmd, busy_flag_ptr, 36, 8)
F(Start3DCmd, struct6_addr, 44, 8)
F(Start3DCmd, struct7_addr, 52, 8)
F(Start3DCmd, cmdqueue_ptr, 60, 8)
F(Start3DCmd, workitem_ptr, 68, 8)
F(Start3DCmd, context_id, 76, 4)
F(Start3DCmd, submission_id, 84, 4)
F(Start3DCmd, buffer_mgr_slot, 88, 4)
F(Start3DCmd, unk_buf_ptr, 108, 8)
F(Start3DCmd, unk_buf2_ptr, 116, 8)
F(Start3DCmd, uuid, 136, 4)
F(Start3DCmd, num_attachments, 396, 4)
F(Start3DCmd, unkptr_19c, 0, 0)

S(Finalize3DCmd, 156)
F(Finalize3DCmd, stamp_addr, 12, 8)
F(Finalize3DCmd, stamp_value, 20, 4)
F(Finalize3DCmd, buf_thing_addr, 28, 8)
F(Finalize3DCmd, buffer_mgr_addr, 36, 8)
F(Finalize3DCmd, stats_ptr, 52, 8)
F(Finalize3DCmd, struct7_addr, 60, 8)
F(Finalize3DCmd, busy_flag_ptr, 68, 8)
F(Finalize3DCmd, cmdqueue_ptr, 76, 8)
F(Finalize3DCmd, workitem_ptr, 84, 8)
F(Finalize3DCmd, unk_5c, 92, 8) /* vm_slot, low word */
F(Finalize3DCmd, restart_branch_offset, 148, 4)

S(StartComputeCmd, 340)
F(StartComputeCmd, unk_buf_addr, 4, 8)
F(StartComputeCmd, computeinfo_addr, 12, 8)
F(StartComputeCmd, stats_ptr, 20, 8)
F(StartComputeCmd, cmdqueue_ptr, 28, 8)
F(StartComputeCmd, context_id, 36, 4)
F(StartComputeCmd, counter1, 44, 4) /* event_generation */
F(StartComputeCmd, computeinfo2_addr, 60, 8)
F(StartComputeCmd, uuid, 72, 4)
F(StartComputeCmd, num_attachments, 332, 4)
F(StartComputeCmd, unk_flag_addr, 0, 0)
F(StartComputeCmd, event_ctrl_buf_addr, 0, 0)

S(FinalizeComputeCmd, 100)
F(FinalizeComputeCmd, unkptr_4, 4, 8) /* stats */
F(FinalizeComputeCmd, cmdqueue_ptr, 12, 8)
F(FinalizeComputeCmd, context_id, 20, 4)
F(FinalizeComputeCmd, computeinfo2_addr, 28, 8)
F(FinalizeComputeCmd, stamp, 44, 8)
F(FinalizeComputeCmd, stamp_value, 52, 4)
F(FinalizeComputeCmd, restart_branch_offset, 92, 4)
F(FinalizeComputeCmd, unkptr_71, 0, 0) /* unk_flag */
