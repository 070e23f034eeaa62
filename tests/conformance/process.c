/* SPDX-License-Identifier: MIT */
/* The process around it: threads, forks, and nothing of it changed. */
#include "config.h"

#include <dirent.h>
#include <fcntl.h>
#include <fenv.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <locale.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "claims.h"

extern char **environ;

/* ------------------------------------------------------------------------
 * What a process is, in words that can be compared
 */

static void
say_signals(char *text, size_t cap)
{
	for (int number = 1; number < NSIG; number++) {
		struct sigaction action;
		size_t len = strlen(text);

		if (sigaction(number, NULL, &action) == 0)
			snprintf(text + len, cap - len, "%d:%lx:%x ", number,
			    (unsigned long)(uintptr_t)action.sa_handler,
			    (unsigned int)action.sa_flags);
	}
}

static void
say_mask(char *text, size_t cap)
{
	sigset_t set;

	ck_assert_int_eq(pthread_sigmask(SIG_BLOCK, NULL, &set), 0);
	for (int number = 1; number < NSIG; number++)
		if (sigismember(&set, number) == 1) {
			size_t len = strlen(text);

			snprintf(text + len, cap - len, "%d ", number);
		}
}

/* The entries of a folder of /proc/self. */
static void
say_entries(const char *path, int links, char *text, size_t cap)
{
	char names[256][32], target[512];
	size_t count = 0;
	struct dirent *entry;
	DIR *dir = opendir(path);
	int own = dir != NULL ? dirfd(dir) : -1;

	ck_assert_ptr_nonnull(dir);
	while ((entry = readdir(dir)) != NULL && count < 256)
		if (entry->d_name[0] != '.' && atoi(entry->d_name) != own)
			snprintf(names[count++], sizeof(names[0]), "%.31s",
			    entry->d_name);
	for (int id = 0; id < 1024; id++)
		for (size_t i = 0; links && i < count; i++) {
			size_t len = strlen(text);
			ssize_t n;

			if (atoi(names[i]) != id)
				continue;
			n = readlinkat(own, names[i], target,
			    sizeof(target) - 1);
			target[n > 0 ? n : 0] = '\0';
			snprintf(text + len, cap - len, "%d=%.80s ", id,
			    target);
		}
	if (!links)
		snprintf(text, cap, "%zu", count);
	closedir(dir);
}

static void
say_descriptors(char *text, size_t cap)
{
	say_entries("/proc/self/fd", 1, text, cap);
}

static void
say_threads(char *text, size_t cap)
{
	say_entries("/proc/self/task", 0, text, cap);
}

static void
say_environment(char *text, size_t cap)
{
	for (char **variable = environ; *variable != NULL; variable++) {
		size_t len = strlen(text);

		snprintf(text + len, cap - len, "%s\n", *variable);
	}
}

static void
say_locale(char *text, size_t cap)
{
	snprintf(text, cap, "%s", setlocale(LC_ALL, NULL));
}

static void
say_umask(char *text, size_t cap)
{
	mode_t mask = umask(0);

	umask(mask);
	snprintf(text, cap, "%o", (unsigned int)mask);
}

static void
say_folder(char *text, size_t cap)
{
	ck_assert_ptr_nonnull(getcwd(text, cap));
}

static void
say_limits(char *text, size_t cap)
{
	for (int which = 0; which < RLIM_NLIMITS; which++) {
		struct rlimit limit;
		size_t len = strlen(text);

		if (getrlimit((__rlimit_resource_t)which, &limit) == 0)
			snprintf(text + len, cap - len, "%lx/%lx ",
			    (unsigned long)limit.rlim_cur,
			    (unsigned long)limit.rlim_max);
	}
}

static void
say_timers(char *text, size_t cap)
{
	struct itimerval timer;

	ck_assert_int_eq(getitimer(ITIMER_REAL, &timer), 0);
	/* libcheck has its own real one running. */
	ck_assert_int_eq(getitimer(ITIMER_VIRTUAL, &timer), 0);
	snprintf(text, cap, "%ld %ld, rounding %d", (long)timer.it_value.tv_sec,
	    (long)timer.it_interval.tv_sec, fegetround());
}

static const struct {
	const char *name;
	void (*say)(char *text, size_t cap);
} states[] = {
	{ "signal handlers", say_signals },
	{ "signal mask", say_mask },
	{ "descriptors", say_descriptors },
	{ "threads", say_threads },
	{ "environment", say_environment },
	{ "locale", say_locale },
	{ "umask", say_umask },
	{ "working directory", say_folder },
	{ "limits", say_limits },
	{ "timers and rounding", say_timers },
};

static const char *
state_name(int i)
{
	return states[i].name;
}

/* A connection with all that comes with it. */
static void
live_a_little(void)
{
	setup s = { .client_alpn = "h2", .server_alpn = "h2",
	    .client_certificate = "ecdsa",
	    .client_auth = TLSHOST_CLIENT_AUTH_REQUIRE };
	pair p = connected_pair(&s);
	char in[8];
	size_t n;

	assert_status(tlshost_buffer_write(p.client, "x", 1, &n), TLSHOST_OK);
	assert_status(read_from(&p, p.server, in, sizeof(in), &n),
	    TLSHOST_OK);
	assert_status(tlshost_buffer_shutdown(p.client), TLSHOST_OK);
	free_pair(&p);
	s.certificate = "expired";
	handshake_ends(&s, TLSHOST_BAD_CERTIFICATE, TLSHOST_ALERT_RECEIVED,
	    &p);
	free_pair(&p);
}

/* Not found by the fixture: here it is loaded between the two looks. */
START_TEST(nothing_of_the_process_is_changed)
{
	static char before[65536], after[65536];

	/* Not the defaults, so that a reset shows. */
	signal(SIGPIPE, SIG_DFL);
	signal(SIGUSR1, SIG_IGN);
	umask(027);
	states[_i].say(before, sizeof(before));
	assert_status(tlshost_backend_by_name(getenv("CHECK_CLIENT"),
	    &client_backend, NULL), TLSHOST_OK);
	assert_status(tlshost_backend_by_name(getenv("CHECK_SERVER"),
	    &server_backend, NULL), TLSHOST_OK);
	live_a_little();
	states[_i].say(after, sizeof(after));
	ck_assert_str_eq(after, before);
}
END_TEST

START_TEST(nothing_is_printed)
{
	char path[] = "printed-XXXXXX";
	int file = mkstemp(path), out, err;
	struct stat st;

	ck_assert_int_ge(file, 0);
	unlink(path);
	fflush(NULL);
	out = dup(1);
	err = dup(2);
	dup2(file, 1);
	dup2(file, 2);
	assert_status(tlshost_backend_by_name(getenv("CHECK_CLIENT"),
	    &client_backend, NULL), TLSHOST_OK);
	assert_status(tlshost_backend_by_name(getenv("CHECK_SERVER"),
	    &server_backend, NULL), TLSHOST_OK);
	live_a_little();
	fflush(NULL);
	dup2(out, 1);
	dup2(err, 2);
	ck_assert_int_eq(fstat(file, &st), 0);
	ck_assert_int_eq(st.st_size, 0);
}
END_TEST

/* ------------------------------------------------------------------------
 * A further connection opens no file
 */

/* Whoever opens or executes a file, or makes a socket, is killed from now on. */
static int
forbid_opening(void)
{
#define REFUSE(number)                                               \
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (number), 0, 1),         \
	BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS)
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
		    offsetof(struct seccomp_data, nr)),
#ifdef SYS_open
		REFUSE(SYS_open),
#endif
#ifdef SYS_stat
		REFUSE(SYS_stat),
#endif
		REFUSE(SYS_openat),
		REFUSE(SYS_newfstatat),
		REFUSE(SYS_execve),
		REFUSE(SYS_socket),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { LEN(code), code };

	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

static tlshost_client_context *shared_client;
static tlshost_server_context *shared_server;

static void
make_shared(const setup *s)
{
	tlshost_config *client = client_config(s), *server = server_config(s);

	assert_status(tlshost_client_context_new(client_backend, client,
	    &shared_client, NULL), TLSHOST_OK);
	assert_status(tlshost_server_context_new(server_backend, server,
	    &shared_server, NULL), TLSHOST_OK);
	tlshost_config_unref(client);
	tlshost_config_unref(server);
}

static void
free_shared(void)
{
	tlshost_client_context_unref(shared_client);
	tlshost_server_context_unref(shared_server);
}

/* No assertions: this runs in threads and in children. */
static int
shake_shared(void)
{
	pair p = { .piece = SIZE_MAX, .client_limit = SIZE_MAX,
	    .server_limit = SIZE_MAX };
	tlshost_status client, server;

	if (tlshost_client_context_wrap_buffers(shared_client, "srv.test",
	    &p.client, NULL) != TLSHOST_OK)
		return 0;
	if (tlshost_server_context_wrap_buffers(shared_server, &p.server,
	    NULL) != TLSHOST_OK) {
		tlshost_buffer_free(p.client);
		return 0;
	}
	shake_hands(&p, &client, &server);
	free_pair(&p);
	return client == TLSHOST_OK && server == TLSHOST_OK;
}

START_TEST(a_further_connection_opens_no_file)
{
	setup s = { .version = versions[_i], .client_certificate = "rsa",
	    .client_auth = TLSHOST_CLIENT_AUTH_REQUIRE };
	int status;
	pid_t pid;

#ifdef __SANITIZE_THREAD__
	return; /* the sanitizer opens files itself */
#endif
	make_shared(&s);
	fflush(NULL);
	if ((pid = fork()) == 0) {
		/* The first one may: a library looks at what it is made of. */
		if (!shake_shared() || !forbid_opening())
			_exit(1);
		for (int i = 0; i < 3; i++)
			if (!shake_shared())
				_exit(2);
		_exit(0);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_msg(status == 0, "the child ended with 0x%x",
	    (unsigned int)status);
	free_shared();
}
END_TEST

/* ------------------------------------------------------------------------
 * Threads
 */

static void *
shake_often(void *result)
{
	int *good = result;

	for (int i = 0; i < 5; i++)
		*good += shake_shared();
	return NULL;
}

START_TEST(contexts_are_shared_by_eight_threads)
{
	pthread_t threads[8];
	int good[8] = { 0 };

	make_shared(&(setup){ .version = versions[_i],
	    .certificate = "ecdsa" });
	for (int i = 0; i < 8; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, shake_often,
		    &good[i]), 0);
	for (int i = 0; i < 8; i++) {
		ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
		ck_assert_int_eq(good[i], 5);
	}
	free_shared();
}
END_TEST

typedef struct relay {
	pair *p;
	tlshost_status client, server;
} relay;

static void *
one_step(void *data)
{
	relay *r = data;

	r->client = tlshost_buffer_do_handshake(r->p->client);
	r->server = tlshost_buffer_do_handshake(r->p->server);
	carry(r->p);
	return NULL;
}

START_TEST(a_connection_may_go_from_thread_to_thread)
{
	pair p = make_pair(&(setup){ .version = versions[_i],
	    .piece = SIZE_MAX });
	relay r = { .p = &p };

	for (int i = 0; i < 200 && (r.client != TLSHOST_OK ||
	    r.server != TLSHOST_OK || i == 0); i++) {
		pthread_t thread;

		ck_assert_int_eq(pthread_create(&thread, NULL, one_step, &r),
		    0);
		ck_assert_int_eq(pthread_join(thread, NULL), 0);
	}
	assert_status(r.client, TLSHOST_OK);
	assert_status(r.server, TLSHOST_OK);
	free_pair(&p);
}
END_TEST

static void *
find_and_shake(void *result)
{
	tlshost_backend *backend;
	int *good = result;

	*good = tlshost_backend_by_name(getenv("CHECK_CLIENT"), &backend,
	    NULL) == TLSHOST_OK;
	return NULL;
}

START_TEST(it_may_be_loaded_by_many_threads_at_once)
{
	pthread_t threads[16];
	int good[16] = { 0 };

	for (int i = 0; i < 16; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL,
		    find_and_shake, &good[i]), 0);
	for (int i = 0; i < 16; i++) {
		ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
		ck_assert_int_eq(good[i], 1);
	}
}
END_TEST

/* ------------------------------------------------------------------------
 * Forks
 */

START_TEST(a_buffer_made_before_a_fork_is_refused_in_the_child)
{
	setup s = { .version = versions[_i] };
	pair p = connected_pair(&s);
	int status;
	pid_t pid;
	size_t n;

	fflush(NULL);
	if ((pid = fork()) == 0) {
		if (tlshost_buffer_write(p.client, "x", 1, &n) !=
		    TLSHOST_FORKED || tlshost_buffer_shutdown(p.server) !=
		    TLSHOST_FORKED)
			_exit(1);
		free_pair(&p);
		_exit(0);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	assert_status(tlshost_buffer_write(p.client, "x", 1, &n), TLSHOST_OK);
	free_pair(&p);
}
END_TEST

START_TEST(contexts_made_before_a_fork_work_on_both_sides)
{
	int status;
	pid_t pid;

	make_shared(&(setup){ .version = versions[_i] });
	ck_assert_int_eq(shake_shared(), 1);
	fflush(NULL);
	if ((pid = fork()) == 0)
		_exit(shake_shared() && shake_shared() ? 0 : 1);
	ck_assert_int_eq(shake_shared(), 1);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	ck_assert_int_eq(shake_shared(), 1);
	free_shared();
}
END_TEST

#define HELLO_MAX 512

/* What a new connection says first; most of it is random. */
static size_t
first_bytes(int server, uint8_t *hello)
{
	pair p = { .piece = SIZE_MAX, .client_limit = SIZE_MAX,
	    .server_limit = SIZE_MAX };
	const uint8_t *data;
	size_t len = 0;

	if (tlshost_client_context_wrap_buffers(shared_client, "srv.test",
	    &p.client, NULL) != TLSHOST_OK ||
	    tlshost_server_context_wrap_buffers(shared_server, &p.server,
	    NULL) != TLSHOST_OK)
		return 0;
	(void)tlshost_buffer_do_handshake(p.client);
	if (server) {
		carry(&p);
		(void)tlshost_buffer_do_handshake(p.server);
	}
	len = tlshost_buffer_peek_outgoing(server ? p.server : p.client,
	    &data);
	if (len > HELLO_MAX)
		len = HELLO_MAX;
	memcpy(hello, data, len);
	free_pair(&p);
	return len;
}

static const char *
fork_name(int i)
{
	static char name[32];

	snprintf(name, sizeof(name), "%s of a %s", version_of(i % 2),
	    i < 2 ? "client" : "server");
	return name;
}

/* The random of a hello is at 11, and 32 bytes long (RFC 8446, 4.1.2). */
START_TEST(parent_and_children_never_share_random_bytes)
{
	static uint8_t hellos[6][HELLO_MAX];
	int fds[2], count = 0, status;
	pid_t pid;

	make_shared(&(setup){ .version = versions[_i % 2] });
	/* The library's generator is running when the process forks. */
	ck_assert_uint_gt(first_bytes(_i >= 2, hellos[count++]), 43);
	for (int child = 0; child < 3; child++) {
		ck_assert_int_eq(pipe(fds), 0);
		fflush(NULL);
		if ((pid = fork()) == 0) {
			static uint8_t mine[HELLO_MAX];

			_exit(first_bytes(_i >= 2, mine) > 43 &&
			    write(fds[1], mine, HELLO_MAX) == HELLO_MAX ?
			    0 : 1);
		}
		ck_assert_int_eq(read(fds[0], hellos[count++], HELLO_MAX),
		    HELLO_MAX);
		ck_assert_int_eq(waitpid(pid, &status, 0), pid);
		ck_assert_int_eq(status, 0);
		close(fds[0]);
		close(fds[1]);
	}
	ck_assert_uint_gt(first_bytes(_i >= 2, hellos[count++]), 43);
	for (int a = 0; a < count; a++)
		for (int b = 0; b < a; b++)
			ck_assert_msg(memcmp(hellos[a] + 11, hellos[b] + 11,
			    32) != 0, "%d and %d say the same", a, b);
	free_shared();
}
END_TEST

/* ------------------------------------------------------------------------
 * Key log
 */

static void
count_line(const char *line, size_t len, void *userdata)
{
	ck_assert_ptr_nonnull(memchr(line, ' ', len));
	ck_assert_ptr_null(memchr(line, '\n', len));
	++*(int *)userdata;
}

START_TEST(the_key_log_goes_to_the_program_that_asked_for_it)
{
	int lines = 0;
	setup s = { .version = versions[_i], .key_log = count_line,
	    .key_log_data = &lines };
	pair p;

	if (!backend_can(client_backend, TLSHOST_CAPABILITY_KEY_LOG) ||
	    !backend_can(server_backend, TLSHOST_CAPABILITY_KEY_LOG))
		return; /* refused, as is claimed of findings */
	p = connected_pair(&s);
	/* The secret of TLS 1.2, or the four of TLS 1.3, from both ends. */
	ck_assert_int_ge(lines, _i == 0 ? 2 : 8);
	free_pair(&p);
}
END_TEST

START_TEST(the_environment_opens_no_key_log)
{
	pair p;

	setenv("SSLKEYLOGFILE", "must-not-be-written", 1);
	p = connected_pair(&(setup){ .version = versions[_i] });
	ck_assert_int_ne(access("must-not-be-written", F_OK), 0);
	free_pair(&p);
}
END_TEST

/* ------------------------------------------------------------------------
 * The end
 */

static pair left;

/* A library may have ended before; then it is told, and nothing crashes. */
static void
use_what_is_left(void)
{
	setup s = { 0 };
	tlshost_config *config = client_config(&s);
	tlshost_client_context *context = NULL;
	int outlives = backend_can(client_backend,
	    TLSHOST_CAPABILITY_OUTLIVES_SHUTDOWN);
	tlshost_status again, more, new;
	char in[8];
	size_t n;

	again = tlshost_buffer_write(left.client, "x", 1, &n);
	more = tlshost_buffer_read(left.client, in, sizeof(in), &n);
	new = tlshost_client_context_new(client_backend, config, &context,
	    NULL);
	if (context != NULL)
		tlshost_client_context_unref(context);
	tlshost_config_unref(config);
	free_pair(&left);
	_exit((again == TLSHOST_OK || (again == TLSHOST_LIBRARY_GONE &&
	    !outlives)) && (more == TLSHOST_WANT_READ || more == again) &&
	    new == again ? 0 : 1);
}

START_TEST(a_connection_may_be_left_until_exit)
{
	int status;
	pid_t pid;

	fflush(NULL);
	if ((pid = fork()) == 0) {
		/* Before there is a library, so that it is called when that has
		 * ended. */
		if (atexit(use_what_is_left) != 0)
			_exit(2);
		find_backends();
		left = connected_pair(&(setup){ 0 });
		exit(3);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_msg(status == 0, "the child ended with 0x%x",
	    (unsigned int)status);
}
END_TEST

void
process_claims(Suite *suite)
{
	/* These load the backends themselves. */
	TCase *group = claim_group_alone(suite, "process");

	add_claims(group, nothing_of_the_process_is_changed, (int)LEN(states),
	    state_name);
	add_claim(group, nothing_is_printed);
	add_claim(group, it_may_be_loaded_by_many_threads_at_once);
	add_claim(group, a_connection_may_be_left_until_exit);
	group = claim_group(suite, "connections of a process");
	ADD_BOTH(a_further_connection_opens_no_file);
	ADD_BOTH(contexts_are_shared_by_eight_threads);
	ADD_BOTH(a_connection_may_go_from_thread_to_thread);
	ADD_BOTH(a_buffer_made_before_a_fork_is_refused_in_the_child);
	ADD_BOTH(contexts_made_before_a_fork_work_on_both_sides);
	add_versions(group, parent_and_children_never_share_random_bytes, 4,
	    fork_name);
	ADD_BOTH(the_key_log_goes_to_the_program_that_asked_for_it);
	ADD_BOTH(the_environment_opens_no_key_log);
}
