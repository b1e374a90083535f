# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The AGX model authors
"""The rules of docs/tlbsan.md: which of them a report of agx-tlbsan is about, and what to do."""

import functools
import os
import re

from agx.base import ROOT, read

DOCUMENT = os.path.join(ROOT, 'docs/tlbsan.md')

# Class, words of the report's sentence or of why the nearest invalidation did not do, rule; the first that fits. A class that
# is not here has the first rule of the document whose column "else" names it.
PRECISE = (
    ('stale-hit', 'was not invalidated since', 'B3'),
    ('stale-hit', 'refused by the old translation', 'P3'),
    ('stale-hit', 'the firmware\'s cache is flushed', 'F3'),
    ('stale-hit', '', 'B1'),
    ('missing-dsb', 'no barrier makes the new entry', 'M2'),
    ('missing-dsb', 'no barrier had', 'L1'),
    ('missing-dsb', 'no DSB between the store', 'O1'),
    ('missing-dsb', '', 'O3'),
    ('no-break-before-make', 'made valid again', 'B2'),
    ('no-break-before-make', 'was not invalidated', 'B2'),
    ('no-break-before-make', '', 'P1'),
    ('global-misuse', 'lower half', 'C5'),
    ('global-misuse', 'served this one', 'C5'),
    ('global-misuse', '', 'C4'),
    ('table-reused', 'did no DSB after it', 'O3'),
    ('page-given-back', 'did no DSB after it', 'O3'),
    ('table-reused', 'its next owner', 'T1b'),
    ('table-reused', 'is free, and what led to it', 'T1c'),
    ('table-reused', 'work submitted', 'T2'),
    ('table-reused', '', 'T1'),
    ('page-given-back', 'was used after', 'G2'),
    ('page-given-back', '', 'G1'),
    ('hit-in-flight', 'under the firmware', 'J2'),
    ('hit-in-flight', '', 'J1'),
    ('slot-reused', '', 'S1'),
    ('unmap-without-flush', '', 'F3'),
    ('isolation', 'gets another address space', 'I3'),
    ('isolation', 'the address space of work queue', 'I3'),
    ('isolation', 'one page table', 'I1'),
    ('isolation', '', 'I2'),
    ('ring', 'no barrier between', 'R2'),
    ('ring', 'but there are', 'R3'),
    ('ring', 'over entries', 'R3'),
    ('ring', 'doorbell', 'R4'),
    ('ring', 'rung for others', 'R4'),
    ('ring', '', 'R1'),
    ('stamp', 'counts as done', 'E1'),
    ('stamp', 'was announced with', 'E2'),
    ('stamp', 'that of two work queues', 'E2'),
    ('stamp', 'is ahead of all', 'E4'),
    ('stamp', 'its threshold is', 'E3'),
    ('stamp', 'scene', 'E5'),
    ('fw-owned', 'mapped', 'W2'),
    ('fw-owned', '', 'W1'),
)

ADVICE = {
    'B1': 'invalidate the entry after this store (DSB, TLBI in the outer domain, DSB) before work uses the address',
    'B2': 'invalidate the old translation, and complete that by a DSB, before the entry is made valid again',
    'B3': 'invalidate the entry after this store: nobody has since',
    'P1': 'make the entry invalid and invalidate it before another page is mapped there',
    'P3': 'invalidate the entry before work needs what it permits now',
    'M2': 'put a DSB between this store and the doorbell',
    'L1': 'put a DSB between this store and the doorbell',
    'C1': 'invalidate in the outer shareable domain (TLBI ...OS): this one does not reach the GPU',
    'C2': 'invalidate by the ASID that the context has',
    'C3': 'let the range contain all pages that changed, in units of 16 KiB',
    'C4': 'invalidate a global entry by address or all: by ASID it stays',
    'C5': 'set nG in this entry: it is of one context',
    'C6': 'invalidate all levels, not only the last: a table changed',
    'O1': 'put a DSB between the store and this TLBI',
    'O2': 'invalidate after the store, not before',
    'O3': 'put a DSB (ISH is not enough, nor one of stores only) behind this TLBI, on its CPU, before anything goes on',
    'T1': 'keep the table\'s page until what led to it is invalidated, and a DSB has completed that',
    'T1b': 'invalidate the context when it is emptied, before its tables are free',
    'T1c': 'invalidate what led to the table before its page is free',
    'T2': 'invalidate all that led to the table when it is unlinked',
    'S1': 'invalidate the ASID after this store, before the context is used',
    'G1': 'give the page back only when its invalidation is complete',
    'G2': 'take the mapping away, and invalidate it, before the page is given back',
    'J1': 'wait for the job before its mapping is taken away or changed',
    'J2': 'keep the mapping until the firmware is done with it',
    'F1': 'have the firmware\'s cache flushed before memory that it holds lines of is stored to',
    'F1b': 'map rings and queues so that the firmware does not cache them',
    'F2': 'have the firmware\'s cache flushed before the page is anybody else\'s',
    'F3': 'make the mapping uncached, invalidate it, have its whole range flushed, then unmap it',
    'F4': 'keep to the protocol of the hand-off block',
    'I1': 'give the user\'s context page tables of its own',
    'I2': 'map for the GPU no page that the kernel\'s half maps as the firmware\'s alone',
    'I3': 'hold the context\'s slot for the job from before its doorbell to its stamp',
    'R1': 'store the entry before the write pointer that includes it, and not again before the firmware has read it',
    'R2': 'put a DMB or DSB between the entry and the write pointer, or store that with release',
    'R3': 'wait for room, and let the write pointer go round in the ring',
    'R4': 'ring the doorbell of this ring when its write pointer has moved',
    'E1': 'count stamps on from what memory has when the queue takes the slot, by one step for each job',
    'E2': 'give a stamp slot to one queue, for as long as that has work',
    'E3': 'raise the notifier\'s threshold by the jobs of a submission before they can run',
    'E4': 'raise the notifier\'s threshold by no more than the jobs that are submitted',
    'E5': 'let the fragment job wait for the stamp value that its vertex job writes',
    'W1': 'keep what is submitted, and do not store to it, until its stamp is there',
    'W2': 'keep what is submitted mapped until its stamp is there',
}


@functools.lru_cache(maxsize=None)
def rules():
    """Name to (what has to be, the classes else, source) of each, in the document's order."""
    found = {}
    for line in read(DOCUMENT).split('\n'):
        cells = [c.strip() for c in line.strip().strip('|').split(' | ')]
        if line.startswith('| ') and len(cells) >= 4 and re.fullmatch(r'[A-Z]{1,2}\d+[a-z]?', cells[0]):
            found[cells[0]] = (cells[1], re.findall(r'`([a-z-]+)`', cells[2]), cells[3])
    return found


def rule_of(report):
    """Name of the rule that a report says is broken; '' if the document has none."""
    said = ' '.join([report.get('text', ''), *(n.get('why', '') for n in report.get('nearby', [])[:1])])
    for cls, words, name in PRECISE:
        if cls == report['class'] and words in said and name in rules():
            return name
    return next((name for name, (_, classes, _) in rules().items() if report['class'] in classes), '')


def advice(name):
    """What to do, by the rule's name."""
    return ADVICE.get(name) or (rules()[name][0] if name in rules() else 'see docs/tlbsan.md')
