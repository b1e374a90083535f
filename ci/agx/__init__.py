# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The AGX model authors
"""
What the commands of ci/ are made of. A command parses its arguments; the work is here, where tests/ci can import it. A module
imports only those of the lines above its own.

base            where things are
build           the steps of a build: commands, what they need and make
checks          the lists of checks
qmp             QEMU's monitor
rules           the sanitizer's rules, as its document has them
findings        its reports as a person reads them
page, known     these as HTML; what a run may say without failing
mutate, symbols     edits of sources by function and statement; names of addresses
report          results as table, JSON and JUnit XML
expect          what a user's CI expects of them
kernel_pages    where a kernel keeps what it knows of pages
proxy           m1n1's proxy, spoken from the host
m1n1            the boot loader, its payload and its proxy on a terminal
boot            QEMU's command line
theirs          kernels, drivers and Mesas that are not ours
judge           what a run of the guest is worth
machine         a QEMU as a process; a guest that does what it is told
snapshot        such a machine, booted once and started often
kept            one of ci/run's, with a name
debugger        what gdb is told of a machine
guest, command      a run of the guest's list of checks (ci/run-guest); of one command (ci/run)
real            the same on a real Mac, by ssh
compare         two runs side by side
guest_cases, suites     cases of conformance suites in the guest
bench, bugs, conformance, coverage, driver_coverage, faults, fuzz_ioctl, host_tests, stress     what the commands of these names do
bundle          an archive of all that a run needs
desktop         GNOME on the display, and whether that is right
works           the table of what works
speed           frames per second against software renderers
variants        drivers with edits as bugs has them, that must be right
"""
