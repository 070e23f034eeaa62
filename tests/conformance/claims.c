/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "claims.h"

const tlshost_version versions[2] = { TLSHOST_VERSION_TLSV1_2,
	TLSHOST_VERSION_TLSV1_3 };

const char *
version_of(int i)
{
	return tlshost_version_name(versions[i]);
}

/* Names have to live as long as the tests; kept here, so that nobody takes
 * them for lost. */
static struct named {
	struct named *next;
	TTest test;
	char name[200];
} *all_named;

void
find_backends(void)
{
	tlshost_error *error = NULL;

	assert_status(tlshost_backend_by_name(getenv("CHECK_CLIENT"),
	    &client_backend, &error), TLSHOST_OK);
	assert_status(tlshost_backend_by_name(getenv("CHECK_SERVER"),
	    &server_backend, &error), TLSHOST_OK);
}

const char *claim_word;
int claims_listed;
static const char *current_group;

TCase *
claim_group_alone(Suite *suite, const char *name)
{
	TCase *group = tcase_create(name);

	tcase_set_timeout(group, 120);
	suite_add_tcase(suite, group);
	current_group = name;
	return group;
}

TCase *
claim_group(Suite *suite, const char *name)
{
	TCase *group = claim_group_alone(suite, name);

	tcase_add_checked_fixture(group, find_backends, NULL);
	return group;
}

static int
is_wanted(const char *name)
{
	char full[256];

	snprintf(full, sizeof(full), "%s: %s", current_group, name);
	if (claim_word != NULL && strstr(full, claim_word) == NULL)
		return 0;
	if (claims_listed)
		puts(full);
	return !claims_listed;
}

void
add_claim(TCase *group, const TTest *test)
{
	if (is_wanted(test->name))
		tcase_add_test(group, test);
}

static void
add_named(TCase *group, const TTest *test, int i, const char *name)
{
	struct named *named = calloc(1, sizeof(*named));

	if (named == NULL)
		abort();
	snprintf(named->name, sizeof(named->name), "%s", name);
	named->test = *test;
	named->test.name = named->name;
	named->next = all_named;
	all_named = named;
	tcase_add_loop_test(group, &named->test, i, i + 1);
}

void
add_claims(TCase *group, const TTest *test, int count, claim_namer namer)
{
	char name[200];

	for (int i = 0; i < count; i++) {
		snprintf(name, sizeof(name), "%s: %s", test->name, namer(i));
		if (is_wanted(name))
			add_named(group, test, i, name);
	}
}

void
add_versions(TCase *group, const TTest *test, int count, claim_namer namer)
{
	char name[200];

	for (int i = 0; i < count; i++) {
		snprintf(name, sizeof(name), "%s: %s", test->name, namer(i));
		if (both_have(versions[i % 2]) && is_wanted(name))
			add_named(group, test, i, name);
	}
}

/* ------------------------------------------------------------------------
 * What the backends are, before there are claims
 */

/* In a child: the process that starts the tests has to stay without any TLS
 * library, or none of them would see how one is loaded. */
long
look_in_child(looker look, void *dst, size_t cap)
{
	int fds[2], status = -1;
	size_t len = 0;
	ssize_t n;
	pid_t pid;

	if (pipe(fds) != 0 || (pid = fork()) < 0)
		abort();
	if (pid == 0) {
		if (tlshost_backend_by_name(getenv("CHECK_CLIENT"),
		    &client_backend, NULL) != TLSHOST_OK ||
		    tlshost_backend_by_name(getenv("CHECK_SERVER"),
		    &server_backend, NULL) != TLSHOST_OK)
			_exit(1);
		len = look(dst, cap);
		_exit(write(fds[1], dst, len) == (ssize_t)len ? 0 : 1);
	}
	close(fds[1]);
	while (len < cap &&
	    (n = read(fds[0], (char *)dst + len, cap - len)) > 0)
		len += (size_t)n;
	close(fds[0]);
	if (waitpid(pid, &status, 0) != pid || status != 0) {
		fprintf(stderr, "the backends cannot be used\n");
		return -1;
	}
	return (long)len;
}

static tlshost_version common_lowest, common_highest;

static size_t
find_common_versions(void *dst, size_t cap)
{
	tlshost_version found[2] = {
		tlshost_backend_lowest_version(client_backend),
		tlshost_backend_highest_version(client_backend),
	};

	if (tlshost_backend_lowest_version(server_backend) > found[0])
		found[0] = tlshost_backend_lowest_version(server_backend);
	if (tlshost_backend_highest_version(server_backend) < found[1])
		found[1] = tlshost_backend_highest_version(server_backend);
	if (cap < sizeof(found))
		return 0;
	memcpy(dst, found, sizeof(found));
	return sizeof(found);
}

int
look_at_backends(void)
{
	tlshost_version found[2];

	if (look_in_child(find_common_versions, found, sizeof(found)) !=
	    (long)sizeof(found))
		return 0;
	common_lowest = found[0];
	common_highest = found[1];
	return 1;
}

int
both_have(tlshost_version version)
{
	return common_lowest <= version && version <= common_highest;
}

int
backend_has_version(tlshost_backend *backend, tlshost_version version)
{
	return tlshost_backend_lowest_version(backend) <= version &&
	    tlshost_backend_highest_version(backend) >= version;
}

int
backend_can(tlshost_backend *backend, tlshost_capability capability)
{
	return (tlshost_backend_capabilities(backend) & capability) != 0;
}

int
backend_has_suite(tlshost_backend *backend, uint16_t id)
{
	const uint16_t *ids;
	size_t len = tlshost_backend_ciphers(backend, &ids);

	for (size_t i = 0; i < len; i++)
		if (ids[i] == id)
			return 1;
	return 0;
}

int
suite_fits(uint16_t id, const char *certificate, tlshost_version version)
{
	const tlshost_cipher_info *info = tlshost_cipher_by_id(id);
	const char *wanted = strcmp(certificate, "rsa") == 0 ? "RSA" : "ECDSA";

	return info != NULL && (version == TLSHOST_VERSION_TLSV1_3 ||
	    strcmp(tlshost_cipher_info_authentication(info), wanted) == 0) &&
	    tlshost_cipher_info_lowest_version(info) <= version &&
	    tlshost_cipher_info_highest_version(info) >= version;
}

void
handshake_ends(const setup *s, tlshost_status client, tlshost_status server,
    pair *ret_pair)
{
	tlshost_status client_is, server_is;
	uint8_t byte;
	size_t n;

	*ret_pair = make_pair(s);
	shake_hands(ret_pair, &client_is, &server_is);
	if (client_is == TLSHOST_OK && client != TLSHOST_OK)
		client_is = read_from(ret_pair, ret_pair->client, &byte, 1,
		    &n);
	ck_assert_msg(client_is == client && server_is == server,
	    "client: %s (%s), server: %s (%s)",
	    tlshost_status_name(client_is),
	    tlshost_error_message(tlshost_buffer_error(ret_pair->client)),
	    tlshost_status_name(server_is),
	    tlshost_error_message(tlshost_buffer_error(ret_pair->server)));
}
