# SPDX-License-Identifier: MIT
# debhelper's sequence "tlshost": dh_tlshost before the control files are made.
use strict;
use warnings;
use Debian::Debhelper::Dh_Lib;

insert_before('dh_gencontrol', 'dh_tlshost');

1;
