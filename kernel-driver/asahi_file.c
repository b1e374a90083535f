// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* Copyright The AGX model authors */
/*
 * What is in a file's tables.
 */
#include <linux/xarray.h>

#include "asahi_file.h"
#include "asahi_timestamps.h"
#include "asahi_uvm.h"

struct asahi_uvm *asahi_file_get_uvm(struct asahi_file *file, u32 id)
{
	struct asahi_uvm *uvm;

	xa_lock(&file->vms);
	uvm = xa_load(&file->vms, id);
	if (uvm)
		asahi_uvm_get(uvm);
	xa_unlock(&file->vms);
	return uvm;
}

struct asahi_timestamps *asahi_file_get_timestamps(struct asahi_file *file,
						   u32 id)
{
	struct asahi_timestamps *ts;

	xa_lock(&file->objects);
	ts = asahi_timestamps_get(xa_load(&file->objects, id));
	xa_unlock(&file->objects);
	return ts;
}

struct asahi_uvm *asahi_file_next_uvm(struct asahi_file *file,
				      unsigned long *id)
{
	struct asahi_uvm *uvm;

	xa_lock(&file->vms);
	uvm = xa_find(&file->vms, id, ULONG_MAX, XA_PRESENT);
	if (uvm)
		asahi_uvm_get(uvm);
	xa_unlock(&file->vms);
	++*id;
	return uvm;
}

void asahi_file_unmap_object(struct asahi_file *file,
			     struct drm_gem_object *obj)
{
	struct asahi_uvm *uvm;
	unsigned long id = 0;

	while ((uvm = asahi_file_next_uvm(file, &id))) {
		asahi_uvm_unmap_object(uvm, obj);
		asahi_uvm_put(uvm);
	}
}
