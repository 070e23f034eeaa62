/* SPDX-License-Identifier: MIT */
/* A library that crashes or hangs ends a child process, not the tool. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tlsprobe.h"

/* More than any answer has. */
#define ANSWER_MAX (4 * 1024 * 1024)
#define CHILDREN_MAX 256

/* In the child: what it has to say goes to fd, and nothing anywhere else. */
static void
tell(int fd, child_teller teller, const void *context, int timeout_ms)
{
	FILE *out = fdopen(fd, "w");
	json_t *answer;
	int code = 1;

	/* It ends also if nobody is left to end it. */
	(void)alarm((unsigned int)timeout_ms / 1000 + 2);
	/* Standard output is the parent's document. */
	if (out == NULL || dup2(STDERR_FILENO, STDOUT_FILENO) < 0)
		_exit(code);
	if ((answer = teller(context)) != NULL &&
	    json_dumpf(answer, out, JSON_COMPACT) == 0 && fclose(out) == 0)
		code = 0;
	_exit(code);
}

void
child_start(child *c, child_teller teller, const void *context, int timeout_ms)
{
	int fds[2];

	*c = (child){ .fd = -1, .outcome = CHILD_NOT_STARTED };
	(void)fflush(stdout);
	if (pipe2(fds, O_CLOEXEC) != 0)
		return;
	if ((c->pid = fork()) == 0) {
		close(fds[0]);
		tell(fds[1], teller, context, timeout_ms);
	}
	close(fds[1]);
	if (c->pid < 0) {
		close(fds[0]);
		return;
	}
	c->fd = fds[0];
	c->until = now_us() + (int64_t)timeout_ms * 1000;
	c->timeout_ms = timeout_ms;
	c->outcome = CHILD_RUNNING;
}

static int
ms_until(int64_t until)
{
	int64_t left = (until - now_us() + 999) / 1000;

	return left > 0 ? (int)left : 0;
}

/* Waits for its end, and ends it when its time is up. */
static void
reap(child *c)
{
	pid_t ended;

	while ((ended = waitpid(c->pid, &c->status, WNOHANG)) != c->pid) {
		if (ended < 0 && errno != EINTR)
			return;
		if (c->timed_out || c->overflow || ms_until(c->until) == 0) {
			c->timed_out |= !c->overflow;
			(void)kill(c->pid, SIGKILL);
			while (waitpid(c->pid, &c->status, 0) < 0 &&
			    errno == EINTR)
				;
			return;
		}
		(void)poll(NULL, 0, 1);
	}
}

static void
conclude(child *c)
{
	json_error_t error;

	close(c->fd);
	c->fd = -1;
	reap(c);
	if (c->timed_out)
		c->outcome = CHILD_TIMEOUT;
	else if (WIFSIGNALED(c->status) && !c->overflow)
		c->outcome = CHILD_CRASHED;
	else if (c->overflow || c->text == NULL || (c->answer = json_loadb(
	    c->text, c->len, 0, &error)) == NULL)
		c->outcome = CHILD_UNREADABLE;
	else
		c->outcome = CHILD_ANSWERED;
	free(c->text);
	c->text = NULL;
}

/* 1: there may be more. */
static int
listen_to(child *c)
{
	char *text;
	ssize_t n;

	if (c->cap - c->len < 4096) {
		if (c->cap >= ANSWER_MAX || (text = realloc(c->text,
		    c->cap + 65536)) == NULL) {
			c->overflow = 1;
			return 0;
		}
		c->text = text;
		c->cap += 65536;
	}
	n = read(c->fd, c->text + c->len, c->cap - c->len);
	if (n > 0)
		c->len += (size_t)n;
	return n > 0 || (n < 0 && errno == EINTR);
}

/* They have a moment for what they know. */
static void
interrupt(child *children, size_t len)
{
	int64_t soon = now_us() + 1000000;

	for (size_t i = 0; i < len; i++)
		if (children[i].fd >= 0) {
			(void)kill(children[i].pid, SIGINT);
			if (children[i].until > soon)
				children[i].until = soon;
		}
}

void
children_finish(child *children, size_t len)
{
	struct pollfd fds[CHILDREN_MAX];
	int told = 0;
	size_t running;

	do {
		if (interrupted && !told) {
			interrupt(children, len);
			told = 1;
		}
		int64_t until = INT64_MAX;

		running = 0;
		for (size_t i = 0; i < len && i < CHILDREN_MAX; i++) {
			fds[i] = (struct pollfd){ .fd = children[i].fd,
			    .events = POLLIN };
			if (children[i].fd < 0)
				continue;
			running++;
			if (children[i].until < until)
				until = children[i].until;
		}
		if (running == 0)
			break;
		if (poll(fds, (nfds_t)(len < CHILDREN_MAX ? len :
		    CHILDREN_MAX), ms_until(until)) < 0)
			continue;
		for (size_t i = 0; i < len && i < CHILDREN_MAX; i++) {
			child *c = &children[i];

			if (c->fd < 0)
				continue;
			c->timed_out = ms_until(c->until) == 0;
			if (c->timed_out || (fds[i].revents != 0 &&
			    !listen_to(c)))
				conclude(c);
		}
	} while (running != 0);
}

const char *
child_outcome_word(const child *c)
{
	switch (c->outcome) {
	case CHILD_ANSWERED:
		return "answered";
	case CHILD_CRASHED:
		return "crashed";
	case CHILD_TIMEOUT:
		return "timeout";
	case CHILD_RUNNING:
	case CHILD_NOT_STARTED:
		return "not-started";
	case CHILD_UNREADABLE:
		break;
	}
	return "unreadable";
}

const char *
child_problem(const child *c, char *text, size_t cap)
{
	switch (c->outcome) {
	case CHILD_ANSWERED:
		return NULL;
	case CHILD_CRASHED:
		snprintf(text, cap, "its process was ended by signal %d (%s)",
		    WTERMSIG(c->status), strsignal(WTERMSIG(c->status)));
		break;
	case CHILD_TIMEOUT:
		if (interrupted) {
			snprintf(text, cap, "its process was interrupted");
			break;
		}
		snprintf(text, cap, "its process took longer than %g s and "
		    "was ended", c->timeout_ms / 1e3);
		break;
	case CHILD_RUNNING:
	case CHILD_NOT_STARTED:
		snprintf(text, cap, "no child process for it");
		break;
	case CHILD_UNREADABLE:
		snprintf(text, cap, "its process ended with %d and no answer",
		    WIFEXITED(c->status) ? WEXITSTATUS(c->status) : -1);
		break;
	}
	return text;
}

void
child_done(child *c)
{
	json_decref(c->answer);
	c->answer = NULL;
}
