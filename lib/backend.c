/* SPDX-License-Identifier: MIT */
/* Which backend: by name, by default, and the list of all. */
#include "config.h"

#include "discover.h"
#include "mem.h"

/* ------------------------------------------------------------------------
 * The order in which candidates are tried
 */

/* Where the choice comes from, and whom it allows. */
typedef struct choice {
	const char *by;                  /* "TLS_BACKEND", the file, "priority" */
	char *value;                     /* of TLS_BACKEND; or NULL */
	tlshost__names names;            /* empty: by priority */
	tlshost__candidate **order;
	size_t len;
} choice;

static void
choice_done(choice *c)
{
	free(c->value);
	tlshost__names_done(&c->names);
	free(c->order);
}

static tlshost__candidate *
find_candidate(const tlshost__registry *registry, const char *name)
{
	/* The first of a name; shadowed ones come later. */
	for (size_t i = 0; i < registry->len; i++)
		if (registry->candidates[i]->name != NULL &&
		    strcmp(registry->candidates[i]->name, name) == 0)
			return registry->candidates[i];
	return NULL;
}

static void
append_once(choice *c, tlshost__candidate *candidate)
{
	for (size_t i = 0; i < c->len; i++)
		if (c->order[i] == candidate)
			return;
	c->order[c->len++] = candidate;
}

/* Higher priority first, then by name. */
static int
compare_priority(const void *a, const void *b)
{
	const tlshost__candidate *x = *(tlshost__candidate *const *)a;
	const tlshost__candidate *y = *(tlshost__candidate *const *)b;

	if (x->manifest.priority != y->manifest.priority)
		return x->manifest.priority > y->manifest.priority ? -1 : 1;
	return strcmp(x->name, y->name);
}

/* 0 and less are only used if they are named.  0, or -1: out of memory. */
static int
append_by_priority(choice *c, const tlshost__registry *registry)
{
	tlshost__candidate **sorted;
	size_t len = 0;

	if ((sorted = tlshost__array(registry->len, sizeof(*sorted))) == NULL)
		return -1;
	for (size_t i = 0; i < registry->len; i++) {
		tlshost__candidate *one = registry->candidates[i];

		if (one->name != NULL && one->manifest.priority > 0 &&
		    find_candidate(registry, one->name) == one)
			sorted[len++] = one;
	}
	if (len > 1)
		qsort(sorted, len, sizeof(*sorted), compare_priority);
	for (size_t i = 0; i < len; i++)
		append_once(c, sorted[i]);
	free(sorted);
	return 0;
}

/* What is used if nobody says anything: "order" in the file, or priority. */
static int
append_default(choice *c, const tlshost__registry *registry)
{
	const tlshost__names *order = &registry->conf.order;

	for (size_t i = 0; i < order->len; i++) {
		tlshost__candidate *one = find_candidate(registry,
		    order->names[i]);

		if (strcmp(order->names[i], "*") == 0)
			return append_by_priority(c, registry);
		if (one != NULL)
			append_once(c, one);
	}
	return order->len == 0 ? append_by_priority(c, registry) : 0;
}

static int
append_named(choice *c, const tlshost__registry *registry)
{
	for (size_t i = 0; i < c->names.len; i++) {
		tlshost__candidate *one = find_candidate(registry,
		    c->names.names[i]);

		if (strcmp(c->names.names[i], "*") == 0)
			return append_default(c, registry);
		if (one != NULL)
			append_once(c, one);
	}
	return 0;
}

/* OK, NO_MEMORY, or NO_BACKEND: the value is malformed. */
static tlshost_status
read_variable(choice *c, tlshost_error **ret_error)
{
	const char *value = tlshost__is_secure() ? NULL : getenv("TLS_BACKEND");
	const char *problem = NULL;
	tlshost_status st;

	if (value == NULL || *value == '\0')
		return TLSHOST_OK;
	c->by = "TLS_BACKEND";
	if ((c->value = tlshost__strdup(value)) == NULL)
		return tlshost__fail_memory(ret_error);
	st = tlshost__names_parse(c->value, strlen(c->value), 1, &c->names,
	    &problem);
	if (st == TLSHOST_NO_MEMORY)
		return tlshost__fail_memory(ret_error);
	if (st != TLSHOST_OK)
		return tlshost__fail(ret_error, TLSHOST_NO_BACKEND,
		    TLSHOST_PHASE_LOAD, NULL, "TLS_BACKEND=%.200s: %s",
		    c->value, problem);
	return TLSHOST_OK;
}

/* TLS_BACKEND, else the default order.  As read_variable. */
static tlshost_status
choose(const tlshost__registry *registry, choice *ret_choice,
    tlshost_error **ret_error)
{
	choice c = { .by = "priority" };
	tlshost_status st;

	if (registry->conf.order.len != 0)
		c.by = tlshost__conffile_path;
	if ((st = read_variable(&c, ret_error)) != TLSHOST_OK) {
		choice_done(&c);
		return st;
	}
	if ((c.order = tlshost__array(registry->len, sizeof(*c.order))) ==
	    NULL || (c.value != NULL ? append_named(&c, registry) :
	    append_default(&c, registry)) != 0) {
		choice_done(&c);
		return tlshost__fail_memory(ret_error);
	}
	*ret_choice = c;
	return TLSHOST_OK;
}

/* ------------------------------------------------------------------------
 * Saying why not
 */

static void
tell_candidate(tlshost__text *text, const tlshost__candidate *one,
    tlshost_role role)
{
	tlshost__text_add(text, "%s", one->name != NULL ? one->name :
	    one->file);
	if (one->state == TLSHOST_PLUGIN_SKIPPED)
		tlshost__text_add(text, " (skipped: %s, %s)",
		    tlshost__skip_word(one->skip), one->text != NULL ?
		    one->text : tlshost__skip_text(one->skip));
	else if (role != 0 &&
	    (one->manifest.roles & (unsigned int)role) == 0)
		tlshost__text_add(text, " (not for %s)",
		    role == TLSHOST_ROLE_SERVER ? "servers" : "clients");
	else if (one->starting)
		tlshost__text_add(text, " (is being started)");
}

static void
tell_directories(tlshost__text *text, const tlshost__registry *registry)
{
	const char *before = "; looked in ";
	char words[128];

	for (size_t i = 0; i < registry->directories_len; i++) {
		const tlshost__directory *one = &registry->directories[i];

		tlshost__text_add(text, "%s%s", before, one->path);
		if (one->error != 0)
			tlshost__text_add(text, " (%s)", strerror_r(one->error,
			    words, sizeof(words)));
		before = ", ";
	}
}

/* What was found, what was skipped and why, and where it looked. */
static void
tell_search(tlshost__text *text, const tlshost__registry *registry,
    tlshost_role role)
{
	tlshost__registry_lock();
	for (size_t i = 0; i < registry->len; i++) {
		tlshost__text_add(text, i == 0 ? "; found " : ", ");
		tell_candidate(text, registry->candidates[i], role);
	}
	tlshost__registry_unlock();
	if (registry->len == 0)
		tlshost__text_add(text, "; found no plugin (install "
		    BACKEND_PACKAGES ")");
	tell_directories(text, registry);
}

/* Takes over text, which begins the message.  role 0: it does not matter. */
static tlshost_status
fail_search(const tlshost__registry *registry, tlshost__text *text,
    tlshost_role role, tlshost_error **ret_error)
{
	tlshost_status st;

	tell_search(text, registry, role);
	st = text->failed ? tlshost__fail_memory(ret_error) :
	    tlshost__fail(ret_error, TLSHOST_NO_BACKEND, TLSHOST_PHASE_LOAD,
	    NULL, "%s", text->text);
	free(text->text);
	return st;
}

/* Errors of the administrator's come before any choice. */
static tlshost_status
check_registry(const tlshost__registry *registry, tlshost_error **ret_error)
{
	tlshost_error *copy;

	if (registry == NULL)
		return tlshost__fail_memory(ret_error);
	if (registry->conf_error != NULL) {
		if (ret_error != NULL) {
			if ((copy = tlshost__error_copy(
			    registry->conf_error)) == NULL)
				return tlshost__fail_memory(ret_error);
			*ret_error = copy;
		}
		return TLSHOST_BAD_CONFIG;
	}
	if (registry->path_problem != NULL)
		return tlshost__fail(ret_error, TLSHOST_NO_BACKEND,
		    TLSHOST_PHASE_LOAD, NULL, "%s", registry->path_problem);
	return TLSHOST_OK;
}

/* ------------------------------------------------------------------------
 * One backend
 */

/* OK: *ret_backend, or NULL if it cannot be used; NO_MEMORY. */
static tlshost_status
load(tlshost__candidate *candidate, tlshost_backend **ret_backend)
{
	tlshost_status st;

	if ((st = tlshost__candidate_load(candidate)) != TLSHOST_OK)
		return st;
	tlshost__registry_lock();
	*ret_backend = candidate->backend;
	tlshost__registry_unlock();
	return TLSHOST_OK;
}

tlshost_status
tlshost_backend_by_name(const char *name, tlshost_backend **ret_backend,
    tlshost_error **ret_error)
{
	tlshost__text text = { 0 };
	tlshost__registry *registry;
	tlshost__candidate *candidate;
	tlshost_backend *backend = NULL;
	tlshost_status st;

	if (name == NULL || ret_backend == NULL ||
	    !tlshost__backend_name_valid(name, strlen(name)))
		return tlshost__fail(ret_error, TLSHOST_INVALID_ARGUMENT,
		    TLSHOST_PHASE_LOAD, NULL, "not a name of a backend: %.64s",
		    name != NULL ? name : "NULL");
	registry = tlshost__registry_get();
	if ((st = check_registry(registry, ret_error)) != TLSHOST_OK)
		return st;
	candidate = find_candidate(registry, name);
	if (candidate != NULL && load(candidate, &backend) != TLSHOST_OK)
		return tlshost__fail_memory(ret_error);
	if (backend != NULL) {
		*ret_backend = backend;
		return TLSHOST_OK;
	}
	tlshost__text_add(&text, candidate == NULL ?
	    "there is no backend \"%s\"" : "backend \"%s\" cannot be used",
	    name);
	return fail_search(registry, &text, (tlshost_role)0, ret_error);
}

/* The choice that was made, for each role; under the registry's lock. */
static tlshost_backend *chosen[2];

static tlshost_backend *
recall(tlshost_role role, tlshost_backend *backend)
{
	tlshost_backend **slot = &chosen[role == TLSHOST_ROLE_SERVER];

	tlshost__registry_lock();
	if (*slot == NULL)
		*slot = backend;
	backend = *slot;
	tlshost__registry_unlock();
	return backend;
}

/*
 * The first that becomes ready; as load.  No memory for one is no reason to
 * take the next.
 */
static tlshost_status
try_order(const choice *c, tlshost_role role, tlshost_backend **ret_backend)
{
	tlshost_backend *backend = NULL;
	tlshost_status st = TLSHOST_OK;

	for (size_t i = 0; i < c->len && st == TLSHOST_OK && backend == NULL;
	    i++)
		if ((c->order[i]->manifest.roles & (unsigned int)role) != 0)
			st = load(c->order[i], &backend);
	if (st == TLSHOST_OK)
		*ret_backend = backend;
	return st;
}

static void
tell_choice(tlshost__text *text, const choice *c)
{
	if (c->value != NULL)
		tlshost__text_add(text, "TLS_BACKEND=%.200s names no usable "
		    "backend", c->value);
	else if (strcmp(c->by, "priority") != 0)
		tlshost__text_add(text, "\"order\" in %s names no usable "
		    "backend", c->by);
	else
		tlshost__text_add(text, "there is no usable backend");
}

static tlshost_status
find_default(tlshost_role role, tlshost_backend **ret_backend,
    tlshost_error **ret_error)
{
	tlshost__registry *registry = tlshost__registry_get();
	tlshost_backend *backend = NULL;
	tlshost__text text = { 0 };
	tlshost_status st;
	choice c;

	if ((st = check_registry(registry, ret_error)) != TLSHOST_OK ||
	    (st = choose(registry, &c, ret_error)) != TLSHOST_OK)
		return st;
	if (try_order(&c, role, &backend) != TLSHOST_OK) {
		st = tlshost__fail_memory(ret_error);
	} else if (backend != NULL) {
		*ret_backend = recall(role, backend);
	} else {
		tell_choice(&text, &c);
		st = fail_search(registry, &text, role, ret_error);
	}
	choice_done(&c);
	return st;
}

tlshost_status
tlshost_backend_default(tlshost_role role, tlshost_backend **ret_backend,
    tlshost_error **ret_error)
{
	tlshost_backend *backend;

	if (ret_backend == NULL ||
	    (role != TLSHOST_ROLE_CLIENT && role != TLSHOST_ROLE_SERVER))
		return tlshost__fail(ret_error, TLSHOST_INVALID_ARGUMENT,
		    TLSHOST_PHASE_LOAD, NULL,
		    "ret_backend is NULL, or role is none");
	if ((backend = recall(role, NULL)) == NULL)
		return find_default(role, ret_backend, ret_error);
	*ret_backend = backend;
	return TLSHOST_OK;
}

const char *
tlshost_backend_name(const tlshost_backend *backend)
{
	return backend != NULL ? backend->name : NULL;
}

const char *
tlshost_backend_version(const tlshost_backend *backend)
{
	return backend != NULL ? backend->version : NULL;
}

const char *
tlshost_backend_library(const tlshost_backend *backend)
{
	return backend != NULL ? backend->library : NULL;
}

const char *
tlshost_backend_file(const tlshost_backend *backend)
{
	return backend != NULL ? backend->file : NULL;
}

unsigned int
tlshost_backend_roles(const tlshost_backend *backend)
{
	return backend != NULL ? backend->roles : 0;
}

uint64_t
tlshost_backend_capabilities(const tlshost_backend *backend)
{
	return backend != NULL ? backend->capabilities : 0;
}

tlshost_version
tlshost_backend_lowest_version(const tlshost_backend *backend)
{
	return backend != NULL ? (tlshost_version)backend->ops.lowest_version :
	    TLSHOST_VERSION_NONE;
}

tlshost_version
tlshost_backend_highest_version(const tlshost_backend *backend)
{
	return backend != NULL ? (tlshost_version)backend->ops.highest_version :
	    TLSHOST_VERSION_NONE;
}

size_t
tlshost_backend_protocols_max(const tlshost_backend *backend)
{
	return backend != NULL ? backend->ops.protocols_max : 0;
}

size_t
tlshost_backend_protocol_max_len(const tlshost_backend *backend)
{
	if (backend == NULL)
		return 0;
	return backend->ops.protocol_max_len != 0 &&
	    backend->ops.protocol_max_len < 255 ?
	    backend->ops.protocol_max_len : 255;
}

size_t
tlshost_backend_ciphers(const tlshost_backend *backend,
    const uint16_t **ret_ids)
{
	if (backend == NULL)
		return 0;
	if (ret_ids != NULL)
		*ret_ids = backend->ciphers;
	return backend->ciphers_len;
}

/* ------------------------------------------------------------------------
 * The list
 */

typedef struct entry {
	const tlshost__candidate *candidate;
	tlshost_plugin_state state;
	tlshost__skip skip;
	const char *text;                /* lives as long as the candidate */
	tlshost_backend *backend;
} entry;

struct tlshost_backend_list {
	const tlshost__registry *registry;
	entry *entries;
	size_t len;
	long defaults[2];
	char *problem;
	char *chosen_by;
};

static int
usable(const entry *e, tlshost_role role)
{
	return e->state != TLSHOST_PLUGIN_SKIPPED &&
	    (e->candidate->manifest.roles & (unsigned int)role) != 0;
}

static long
index_of(const tlshost_backend_list *list, const tlshost__candidate *candidate)
{
	for (size_t i = 0; i < list->len; i++)
		if (list->entries[i].candidate == candidate)
			return (long)i;
	return -1;
}

static long
default_index(const tlshost_backend_list *list, const choice *c,
    tlshost_role role)
{
	tlshost_backend *made = recall(role, NULL);

	for (size_t i = 0; made != NULL && i < list->len; i++)
		if (list->entries[i].backend == made)
			return (long)i;
	for (size_t i = 0; i < c->len; i++) {
		long at = index_of(list, c->order[i]);

		if (at >= 0 && usable(&list->entries[at], role))
			return at;
	}
	return -1;
}

static char *
describe_choice(const choice *c)
{
	if (c->value != NULL)
		return tlshost__format("TLS_BACKEND=%s", c->value);
	if (strcmp(c->by, "priority") == 0)
		return tlshost__strdup("priority");
	return tlshost__format("order in %s", c->by);
}

/* TLS_BACKEND or the file names none that can be used: worth saying. */
static char *
describe_problem(const tlshost_backend_list *list, const choice *c)
{
	tlshost__text text = { 0 };

	if (list->defaults[0] >= 0 || list->defaults[1] >= 0 ||
	    strcmp(c->by, "priority") == 0)
		return NULL;
	tell_choice(&text, c);
	return text.text;
}

/* Which one the default is, or why there is none.  OK, NO_MEMORY. */
static tlshost_status
fill_choice(tlshost_backend_list *list)
{
	tlshost_error *error = NULL;
	tlshost_status st;
	choice c;

	list->defaults[0] = list->defaults[1] = -1;
	if ((st = check_registry(list->registry, &error)) != TLSHOST_OK ||
	    (st = choose(list->registry, &c, &error)) != TLSHOST_OK) {
		if (st != TLSHOST_NO_MEMORY)
			list->problem = tlshost__strdup(
			    tlshost_error_message(error));
		tlshost_error_free(error);
		return list->problem != NULL ? TLSHOST_OK : TLSHOST_NO_MEMORY;
	}
	list->defaults[0] = default_index(list, &c, TLSHOST_ROLE_CLIENT);
	list->defaults[1] = default_index(list, &c, TLSHOST_ROLE_SERVER);
	list->problem = describe_problem(list, &c);
	list->chosen_by = describe_choice(&c);
	if (list->chosen_by == NULL)
		st = TLSHOST_NO_MEMORY;
	choice_done(&c);
	return st;
}

/* Loads, if that is wanted, and takes down how it stands. */
static tlshost_status
fill_entries(tlshost_backend_list *list, int load_them)
{
	tlshost_status st;

	for (size_t i = 0; i < list->len; i++) {
		tlshost__candidate *candidate = list->registry->candidates[i];

		if (load_them && (st = tlshost__candidate_load(candidate)) !=
		    TLSHOST_OK)
			return st;
		tlshost__registry_lock();
		list->entries[i] = (entry){ candidate, candidate->state,
		    candidate->skip, candidate->text, candidate->backend };
		tlshost__registry_unlock();
	}
	return TLSHOST_OK;
}

tlshost_status
tlshost_backend_list_new(int load_them, tlshost_backend_list **ret_list,
    tlshost_error **ret_error)
{
	tlshost__registry *registry;
	tlshost_backend_list *list;

	if (ret_list == NULL)
		return tlshost__fail(ret_error, TLSHOST_INVALID_ARGUMENT,
		    TLSHOST_PHASE_LOAD, NULL, "ret_list is NULL");
	if ((registry = tlshost__registry_get()) == NULL ||
	    (list = calloc(1, sizeof(*list))) == NULL)
		return tlshost__fail_memory(ret_error);
	list->registry = registry;
	list->len = registry->len;
	if ((list->entries = tlshost__array(list->len, sizeof(entry))) == NULL ||
	    fill_entries(list, load_them) != TLSHOST_OK ||
	    fill_choice(list) != TLSHOST_OK) {
		tlshost_backend_list_free(list);
		return tlshost__fail_memory(ret_error);
	}
	*ret_list = list;
	return TLSHOST_OK;
}

void
tlshost_backend_list_free(tlshost_backend_list *list)
{
	if (list == NULL)
		return;
	free(list->entries);
	free(list->problem);
	free(list->chosen_by);
	free(list);
}

static const entry *
entry_at(const tlshost_backend_list *list, size_t i)
{
	return list != NULL && i < list->len ? &list->entries[i] : NULL;
}

size_t
tlshost_backend_list_len(const tlshost_backend_list *list)
{
	return list != NULL ? list->len : 0;
}

const char *
tlshost_backend_list_value(const tlshost_backend_list *list, size_t i,
    const char *key)
{
	const entry *e = entry_at(list, i);

	return e != NULL && key != NULL ? tlshost__manifest_value(
	    &e->candidate->manifest, key) : NULL;
}

const char *
tlshost_backend_list_name(const tlshost_backend_list *list, size_t i)
{
	return tlshost_backend_list_value(list, i, "name");
}

const char *
tlshost_backend_list_version(const tlshost_backend_list *list, size_t i)
{
	return tlshost_backend_list_value(list, i, "version");
}

const char *
tlshost_backend_list_library(const tlshost_backend_list *list, size_t i)
{
	const entry *e = entry_at(list, i);

	if (e != NULL && e->backend != NULL)
		return e->backend->library;
	return tlshost_backend_list_value(list, i, "library");
}

const char *
tlshost_backend_list_description(const tlshost_backend_list *list, size_t i)
{
	return tlshost_backend_list_value(list, i, "description");
}

const char *
tlshost_backend_list_file(const tlshost_backend_list *list, size_t i)
{
	const entry *e = entry_at(list, i);

	return e != NULL ? e->candidate->file : NULL;
}

int
tlshost_backend_list_priority(const tlshost_backend_list *list, size_t i)
{
	const entry *e = entry_at(list, i);

	return e != NULL ? e->candidate->manifest.priority : 0;
}

unsigned int
tlshost_backend_list_roles(const tlshost_backend_list *list, size_t i)
{
	const entry *e = entry_at(list, i);

	return e != NULL ? e->candidate->manifest.roles : 0;
}

tlshost_plugin_state
tlshost_backend_list_state(const tlshost_backend_list *list, size_t i)
{
	const entry *e = entry_at(list, i);

	return e != NULL ? e->state : TLSHOST_PLUGIN_SKIPPED;
}

const char *
tlshost_backend_list_reason(const tlshost_backend_list *list, size_t i)
{
	const entry *e = entry_at(list, i);

	return e != NULL && e->state == TLSHOST_PLUGIN_SKIPPED ?
	    tlshost__skip_word(e->skip) : NULL;
}

const char *
tlshost_backend_list_text(const tlshost_backend_list *list, size_t i)
{
	const entry *e = entry_at(list, i);

	if (e == NULL || e->state != TLSHOST_PLUGIN_SKIPPED)
		return NULL;
	return e->text != NULL ? e->text : tlshost__skip_text(e->skip);
}

tlshost_backend *
tlshost_backend_list_backend(const tlshost_backend_list *list, size_t i)
{
	const entry *e = entry_at(list, i);

	return e != NULL ? e->backend : NULL;
}

long
tlshost_backend_list_default(const tlshost_backend_list *list,
    tlshost_role role)
{
	return list != NULL ? list->defaults[role == TLSHOST_ROLE_SERVER] : -1;
}

const char *
tlshost_backend_list_problem(const tlshost_backend_list *list)
{
	return list != NULL ? list->problem : NULL;
}

const char *
tlshost_backend_list_chosen_by(const tlshost_backend_list *list)
{
	return list != NULL ? list->chosen_by : NULL;
}

const char *
tlshost_backend_list_directory(const tlshost_backend_list *list, size_t i)
{
	return list != NULL && i < list->registry->directories_len ?
	    list->registry->directories[i].path : NULL;
}
