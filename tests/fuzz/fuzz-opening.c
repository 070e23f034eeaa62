/* SPDX-License-Identifier: MIT */
/*
 * What is judged before a library sees it: hellos, retries and the records
 * around them.  The first byte says which side it is; then come pieces, each
 * behind a byte with its length and, in the highest bit, who sends it.
 */
#include "config.h"

#include <stdlib.h>

#include "opening.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void
need(int holds)
{
	if (!holds)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	tlshost__opening *o;

	if (len == 0)
		return 0;
	o = tlshost__opening_new(data[0] & 1 ? TLSHOST_ROLE_SERVER :
	    TLSHOST_ROLE_CLIENT);
	need(o != NULL);
	data++;
	len--;
	while (len != 0) {
		int is_own = data[0] & 0x80;
		size_t piece = data[0] & 0x7f;

		data++;
		len--;
		piece = piece < len ? piece : len;
		need((is_own ? tlshost__opening_wrote(o, data, piece) :
		    tlshost__opening_read(o, data, piece)) == 0);
		tlshost__opening_wants_more(o, 256);
		data += piece;
		len -= piece;
		/* What is refused is refused for a reason, and for good. */
		need((o->breach.text != NULL) == (o->breach.alert > 0 ||
		    o->received > 0));
		need(!o->before_hello || o->breach.text != NULL);
	}
	tlshost__opening_free(o);
	return 0;
}
