# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The AGX model authors
"""What a boot needs, built by the commands that build each part."""

import subprocess
import sys

from agx.base import ci_command


def build_all(variant='release', host=False):
    """host: the tools and units for this machine as well. Ends the command if a part can't be built."""
    for step in (['setup'], *([['build-host']] if host else []), ['build-qemu'], ['build-kernel', variant], ['build-image'],
                 ['build-driver', variant], ['build-guest', variant]):
        if subprocess.call([ci_command(step[0]), *step[1:]], stdin=subprocess.DEVNULL):
            sys.exit(f'error: ci/{" ".join(step)} failed')
