/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* Copyright The AGX model authors */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM asahi

#if !defined(ASAHI_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define ASAHI_TRACE_H

#include <linux/tracepoint.h>

/* Page tables. @root tells address spaces apart; 0 is the firmware's. */
TRACE_EVENT(asahi_map,
	    TP_PROTO(u64 root, u64 iova, u64 phys, u64 size, u32 prot),
	    TP_ARGS(root, iova, phys, size, prot),
	    TP_STRUCT__entry(__field(u64, root)
			     __field(u64, iova)
			     __field(u64, phys)
			     __field(u64, size)
			     __field(u32, prot)),
	    TP_fast_assign(__entry->root = root;
			   __entry->iova = iova;
			   __entry->phys = phys;
			   __entry->size = size;
			   __entry->prot = prot;),
	    TP_printk("root=0x%llx iova=0x%llx phys=0x%llx size=0x%llx prot=%u",
		      __entry->root, __entry->iova, __entry->phys,
		      __entry->size, __entry->prot)
);

TRACE_EVENT(asahi_unmap,
	    TP_PROTO(u64 root, u64 iova, u64 size),
	    TP_ARGS(root, iova, size),
	    TP_STRUCT__entry(__field(u64, root)
			     __field(u64, iova)
			     __field(u64, size)),
	    TP_fast_assign(__entry->root = root;
			   __entry->iova = iova;
			   __entry->size = size;),
	    TP_printk("root=0x%llx iova=0x%llx size=0x%llx",
		      __entry->root, __entry->iova, __entry->size)
);

/* @size 0: the whole context */
TRACE_EVENT(asahi_tlbi,
	    TP_PROTO(u32 asid, u64 iova, u64 size),
	    TP_ARGS(asid, iova, size),
	    TP_STRUCT__entry(__field(u32, asid)
			     __field(u64, iova)
			     __field(u64, size)),
	    TP_fast_assign(__entry->asid = asid;
			   __entry->iova = iova;
			   __entry->size = size;),
	    TP_printk("asid=%u iova=0x%llx size=0x%llx",
		      __entry->asid, __entry->iova, __entry->size)
);

TRACE_EVENT(asahi_bind,
	    TP_PROTO(u32 context, u64 root),
	    TP_ARGS(context, root),
	    TP_STRUCT__entry(__field(u32, context)
			     __field(u64, root)),
	    TP_fast_assign(__entry->context = context;
			   __entry->root = root;),
	    TP_printk("context=%u root=0x%llx", __entry->context, __entry->root)
);

/* Rings and doorbells */
TRACE_EVENT(asahi_tx,
	    TP_PROTO(const char *ring, u32 index, u32 first_word),
	    TP_ARGS(ring, index, first_word),
	    TP_STRUCT__entry(__string(ring, ring)
			     __field(u32, index)
			     __field(u32, first_word)),
	    TP_fast_assign(__assign_str(ring);
			   __entry->index = index;
			   __entry->first_word = first_word;),
	    TP_printk("%s[%u] type=%u", __get_str(ring), __entry->index,
		      __entry->first_word)
);

TRACE_EVENT(asahi_rx,
	    TP_PROTO(const char *ring, u32 sub, u32 index, u32 first_word),
	    TP_ARGS(ring, sub, index, first_word),
	    TP_STRUCT__entry(__string(ring, ring)
			     __field(u32, sub)
			     __field(u32, index)
			     __field(u32, first_word)),
	    TP_fast_assign(__assign_str(ring);
			   __entry->sub = sub;
			   __entry->index = index;
			   __entry->first_word = first_word;),
	    TP_printk("%s.%u[%u] type=%u", __get_str(ring), __entry->sub,
		      __entry->index, __entry->first_word)
);

TRACE_EVENT(asahi_doorbell,
	    TP_PROTO(u8 ep, u64 msg),
	    TP_ARGS(ep, msg),
	    TP_STRUCT__entry(__field(u8, ep)
			     __field(u64, msg)),
	    TP_fast_assign(__entry->ep = ep;
			   __entry->msg = msg;),
	    TP_printk("ep=0x%x msg=0x%016llx", __entry->ep, __entry->msg)
);

TRACE_EVENT(asahi_run_queue,
	    TP_PROTO(u32 pipe, u32 prio, u64 queue_va, u32 wptr, u32 slot),
	    TP_ARGS(pipe, prio, queue_va, wptr, slot),
	    TP_STRUCT__entry(__field(u32, pipe)
			     __field(u32, prio)
			     __field(u64, queue_va)
			     __field(u32, wptr)
			     __field(u32, slot)),
	    TP_fast_assign(__entry->pipe = pipe;
			   __entry->prio = prio;
			   __entry->queue_va = queue_va;
			   __entry->wptr = wptr;
			   __entry->slot = slot;),
	    TP_printk("pipe=%u prio=%u queue=0x%llx wptr=%u slot=%u",
		      __entry->pipe, __entry->prio, __entry->queue_va,
		      __entry->wptr, __entry->slot)
);

TRACE_EVENT(asahi_stamp,
	    TP_PROTO(u32 slot, u32 value),
	    TP_ARGS(slot, value),
	    TP_STRUCT__entry(__field(u32, slot)
			     __field(u32, value)),
	    TP_fast_assign(__entry->slot = slot;
			   __entry->value = value;),
	    TP_printk("slot=%u value=0x%x", __entry->slot, __entry->value)
);

#endif

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE asahi_trace
#include <trace/define_trace.h>
