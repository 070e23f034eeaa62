/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "error.h"
#include "source.h"

uint64_t
tlshost__hash(uint64_t hash, const void *data, size_t len)
{
	const uint8_t *bytes = data;

	for (size_t i = 0; i < len; i++)
		hash = (hash ^ bytes[i]) * UINT64_C(1099511628211);
	return hash;
}

/* Reads up to cap bytes; how many, or -1 with errno. */
static ssize_t
read_all(int fd, uint8_t *data, size_t cap)
{
	size_t done = 0;

	while (done < cap) {
		ssize_t n = read(fd, data + done, cap - done);

		if (n == 0)
			break;
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		done += (size_t)n;
	}
	return (ssize_t)done;
}

static tlshost_status
fail_file(tlshost_error **ret_error, int errno_value, const char *path)
{
	return tlshost__fail_errno(ret_error, TLSHOST_IO, TLSHOST_PHASE_CONFIG,
	    errno_value, "%s", path);
}

tlshost_status
tlshost__read_file(const char *path, uint8_t **ret_data, size_t *ret_len,
    tlshost_error **ret_error)
{
	uint8_t *data = NULL;
	tlshost_status st;
	struct stat info;
	ssize_t n;
	int fd;

	/* A device or a pipe must not make us wait: NONBLOCK, then look. */
	if ((fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)) < 0)
		return fail_file(ret_error, errno, path);
	if (fstat(fd, &info) != 0) {
		st = fail_file(ret_error, errno, path);
	} else if (!S_ISREG(info.st_mode)) {
		st = fail_file(ret_error, S_ISDIR(info.st_mode) ? EISDIR :
		    EINVAL, path);
	} else if (info.st_size < 0 ||
	    (uint64_t)info.st_size > TLSHOST__FILE_MAX) {
		st = tlshost__fail(ret_error, TLSHOST_BAD_DATA,
		    TLSHOST_PHASE_CONFIG, NULL, "%s: larger than %zu bytes",
		    path, TLSHOST__FILE_MAX);
	} else if ((data = malloc((size_t)info.st_size + 1)) == NULL) {
		st = tlshost__fail_memory(ret_error);
	} else if ((n = read_all(fd, data, (size_t)info.st_size)) < 0) {
		st = fail_file(ret_error, errno, path);
	} else {
		*ret_data = data;
		*ret_len = (size_t)n;
		data = NULL;
		st = TLSHOST_OK;
	}
	if (data != NULL)
		tlshost__wipe(data, (size_t)info.st_size);
	free(data);
	close(fd);
	return st;
}
