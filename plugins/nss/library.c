/* SPDX-License-Identifier: MIT */
/*
 * NSS in a process that is not ours: it is started when it is first needed, in
 * a context of our own, lives beside the program's own NSS, may be shut down
 * by the program at any time, and is made safe after a fork.
 *
 * Order of the locks: start_lock, NSS's own lock of initialisation, use_lock,
 * list_lock or seed_lock.
 */
#include "config.h"

#include <prerror.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <unistd.h>

#include <pk11pub.h>

#include "plugin.h"

PRDescIdentity layer_id = PR_INVALID_IO_LAYER;

/* Held by whoever starts NSS. */
static pthread_mutex_t start_lock = PTHREAD_MUTEX_INITIALIZER;
/*
 * The users are the threads between enter() and leave().  A shutdown, and a
 * fork, which must not copy NSS while another thread is in the middle of it,
 * close the door, wait until there is none and hold the lock until they are
 * done.  They come first: else a busy server could never fork.  (A read-write
 * lock would do, but cannot be given back in the child of a fork, where the
 * thread that took it has another name.)
 *
 * A user adds itself and then looks at the door, who closes it does that and
 * then looks for users: one of the two sees the other.  So a user takes no
 * lock while the door is open, as it nearly always is.
 */
static pthread_mutex_t use_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t use_change = PTHREAD_COND_INITIALIZER;
static atomic_uint users, closers;
static pthread_mutex_t list_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t seed_lock = PTHREAD_MUTEX_INITIALIZER;

/* How often this thread is between enter() and leave(): the host calls back. */
static _Thread_local unsigned int depth;

static int running;              /* set while there is no user, as is era */
static unsigned long era = 1;
static live *objects;
static int handlers_set;         /* guarded by start_lock */

/* Is the generator this process's own?  The kernel makes it 0 in a child, however
 * that is made; without such a kernel it is the process that counts. */
static atomic_int *seeded;
static _Atomic pid_t seeded_process;

/* ------------------------------------------------------------------------
 * The end that the program may put to it
 */

/* own: how many of the users this thread is. */
static void
wait_for_users(unsigned int own)
{
	(void)pthread_mutex_lock(&use_lock);
	atomic_fetch_add(&closers, 1);
	while (atomic_load(&users) > own)
		(void)pthread_cond_wait(&use_change, &use_lock);
}

static void
let_users_in(void)
{
	atomic_fetch_sub(&closers, 1);
	(void)pthread_cond_broadcast(&use_change);
	(void)pthread_mutex_unlock(&use_lock);
}

static unsigned int
own_use(void)
{
	return depth != 0;
}

/* NSS calls this before it goes; with an object alive it could never be
 * started again in this process. */
static SECStatus
library_goes(void *unused, void *unused_too)
{
	(void)unused;
	(void)unused_too;
	wait_for_users(own_use());
	running = 0;
	era++;
	while (objects != NULL) {
		live *object = objects;

		objects = object->next;
		if (objects != NULL)
			objects->link = &objects;
		object->release(object);
		object->next = NULL;
		object->link = NULL;
	}
	let_users_in();
	return SECSuccess;
}

/* ------------------------------------------------------------------------
 * Forks: the generator would go on in the child as in the parent
 */

static void
before_fork(void)
{
	(void)pthread_mutex_lock(&start_lock);
	wait_for_users(own_use());
}

static void
after_fork_in_parent(void)
{
	let_users_in();
	(void)pthread_mutex_unlock(&start_lock);
}

static void
set_seeded(int is)
{
	if (seeded != NULL)
		atomic_store(seeded, is);
	atomic_store(&seeded_process, is ? getpid() : 0);
}

static int
is_seeded(void)
{
	return seeded != NULL ? atomic_load(seeded) :
	    atomic_load(&seeded_process) == getpid();
}

/* A page that is all 0 in a child. */
static void
make_seeded(void)
{
	size_t len = (size_t)sysconf(_SC_PAGESIZE);
	void *page;

	if (seeded != NULL)
		return;
	page = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE |
	    MAP_ANONYMOUS, -1, 0);
	if (page == MAP_FAILED)
		return;
	if (madvise(page, len, MADV_WIPEONFORK) == 0)
		seeded = page;
	else
		(void)munmap(page, len);
}

/* There is no other thread, and none that waits. */
static void
after_fork_in_child(void)
{
	set_seeded(0);
	use_change = (pthread_cond_t)PTHREAD_COND_INITIALIZER;
	/* Others had added themselves, to wait at the door. */
	atomic_store(&users, own_use());
	atomic_store(&closers, 0);
	(void)pthread_mutex_unlock(&use_lock);
	(void)pthread_mutex_unlock(&start_lock);
}

/*
 * The generator keeps ready-made bytes that a new seed does not change; they
 * are asked for and thrown away.
 */
static int
reseed(void)
{
	unsigned char seed[48], drop[64];
	int ok;

	if (getrandom(seed, sizeof(seed), 0) != (ssize_t)sizeof(seed))
		return 0;
	ok = PK11_RandomUpdate(seed, sizeof(seed)) == SECSuccess;
	for (int i = 0; i < 4 && ok; i++)
		ok = PK11_GenerateRandom(drop, 16) == SECSuccess;
	ok = ok && PK11_GenerateRandom(drop, sizeof(drop)) == SECSuccess;
	explicit_bzero(seed, sizeof(seed));
	return ok;
}

static int
seed_if_forked(void)
{
	int ok = 1;

	if (is_seeded())
		return 1;
	(void)pthread_mutex_lock(&seed_lock);
	if (!is_seeded() && (ok = reseed()))
		set_seeded(1);
	(void)pthread_mutex_unlock(&seed_lock);
	return ok;
}

/* ------------------------------------------------------------------------
 * Its start
 */

/* libssl's texts are there only after its first socket. */
static int
start_sockets(void)
{
	PRFileDesc *stub, *fd;

	if (layer_id == PR_INVALID_IO_LAYER)
		layer_id = PR_GetUniqueIdentity("tlshost");
	if (layer_id == PR_INVALID_IO_LAYER || (stub = layer_new(NULL)) == NULL)
		return 0;
	if ((fd = SSL_ImportFD(NULL, stub)) == NULL) {
		PR_Close(stub);
		return 0;
	}
	PR_Close(fd);
	return 1;
}

/*
 * No database, and no module but the built-in one.  NSPR ignores SIGPIPE when
 * it starts, which is not its business here.
 */
static NSSInitContext *
start_nss(void)
{
	NSSInitParameters parameters = { .length = sizeof(parameters) };
	struct sigaction before;
	NSSInitContext *nss;

	if (sigaction(SIGPIPE, NULL, &before) != 0)
		return NULL;
	nss = NSS_InitContext("", "", "", "", &parameters, NSS_INIT_READONLY |
	    NSS_INIT_NOCERTDB | NSS_INIT_NOMODDB | NSS_INIT_FORCEOPEN |
	    NSS_INIT_NOROOTINIT);
	(void)sigaction(SIGPIPE, &before, NULL);
	return nss;
}

/* The context stays for ever: closing the last one would be a shutdown. */
static int32_t
start(tlshost_sink *sink)
{
	int32_t st = TLSHOST_OK;
	unsigned long since;

	(void)pthread_mutex_lock(&start_lock);
	(void)pthread_mutex_lock(&use_lock);
	since = running ? 0 : era;
	(void)pthread_mutex_unlock(&use_lock);
	if (since != 0) {
		if (start_nss() == NULL ||
		    NSS_RegisterShutdown(library_goes, NULL) != SECSuccess ||
		    !start_sockets())
			st = fail(sink, TLSHOST_LIBRARY, PR_GetError(),
			    "NSS cannot be started");
		if (st == TLSHOST_OK && !handlers_set) {
			handlers_set = pthread_atfork(before_fork,
			    after_fork_in_parent, after_fork_in_child) == 0;
			if (!handlers_set)
				st = fail_memory(sink);
		}
		wait_for_users(0);
		if (st == TLSHOST_OK && era == since) {
			running = 1;
			make_seeded();
			set_seeded(0);
		}
		let_users_in();
	}
	(void)pthread_mutex_unlock(&start_lock);
	return st;
}

/* ------------------------------------------------------------------------
 * Using it
 */

int32_t
library_gone(tlshost_sink *sink)
{
	return fail(sink, TLSHOST_LIBRARY_GONE, 0, "the program shut NSS down "
	    "since this was made");
}

/* The door is closed: this thread is no user yet, and waits. */
static void __attribute__((noinline))
wait_for_door(void)
{
	(void)pthread_mutex_lock(&use_lock);
	atomic_fetch_sub(&users, 1);
	(void)pthread_cond_broadcast(&use_change);
	while (atomic_load(&closers) != 0)
		(void)pthread_cond_wait(&use_change, &use_lock);
	atomic_fetch_add(&users, 1);
	(void)pthread_mutex_unlock(&use_lock);
}

static inline void
take_use(void)
{
	if (depth++ != 0)
		return;
	atomic_fetch_add(&users, 1);
	if (atomic_load(&closers) != 0)
		wait_for_door();
}

void
leave(void)
{
	if (--depth != 0)
		return;
	atomic_fetch_sub(&users, 1);
	if (atomic_load(&closers) == 0)
		return;
	(void)pthread_mutex_lock(&use_lock);
	(void)pthread_cond_broadcast(&use_change);
	(void)pthread_mutex_unlock(&use_lock);
}

/* As a user.  Apart, so that enter() saves no registers for it. */
static int32_t __attribute__((noinline))
enter_first(tlshost_sink *sink, const live *object)
{
	int32_t st;

	if (object != NULL && object->era != era) {
		leave();
		return library_gone(sink);
	}
	while (!running) {
		leave();
		if (depth != 0)
			return library_gone(sink);
		if ((st = start(sink)) != TLSHOST_OK)
			return st;
		take_use();
	}
	if (!seed_if_forked()) {
		leave();
		return fail(sink, TLSHOST_LIBRARY, 0, "there are no random "
		    "bytes for NSS in this process");
	}
	return TLSHOST_OK;
}

int32_t
enter(tlshost_sink *sink, const live *object)
{
	take_use();
	if (running && (object == NULL || object->era == era) && is_seeded())
		return TLSHOST_OK;
	return enter_first(sink, object);
}

int
enter_quietly(const live *object)
{
	take_use();
	if (running && object->era == era)
		return 1;
	leave();
	return 0;
}

void
leave_for_host(void)
{
	leave();
}

int32_t
enter_from_host(tlshost_sink *sink, const live *object)
{
	int32_t st;

	take_use();
	if (!running || (object != NULL && object->era != era))
		st = library_gone(sink);
	else
		st = TLSHOST_OK;
	return st;
}

void
live_begin(live *object, void (*release)(live *object))
{
	object->release = release;
	object->era = era;
	(void)pthread_mutex_lock(&list_lock);
	object->next = objects;
	object->link = &objects;
	if (objects != NULL)
		objects->link = &object->next;
	objects = object;
	(void)pthread_mutex_unlock(&list_lock);
}

int
live_is(const live *object)
{
	return object->era == era;
}

void
live_end(live *object)
{
	(void)pthread_mutex_lock(&list_lock);
	*object->link = object->next;
	if (object->next != NULL)
		object->next->link = object->link;
	(void)pthread_mutex_unlock(&list_lock);
	object->release(object);
	object->era = 0;
}

void
live_free(live *object)
{
	if (object->era == 0)
		return;
	take_use();
	if (running && object->era == era)
		live_end(object);
	leave();
}
