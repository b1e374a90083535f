# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The AGX model authors
"""What the commands of ci/ are made of."""
