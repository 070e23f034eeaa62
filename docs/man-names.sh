#!/bin/sh
# SPDX-License-Identifier: MIT
#
# man-names.sh PAGE...: "page name" for each name in the NAME section of each.
set -eu
awk '
/^\.Sh / { in_name = $2 == "NAME" }
in_name && /^\.Nm / {
	page = FILENAME
	sub(/.*\//, "", page)
	print page, $2
}' "$@"
