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

/* Higher priority first, then by name; 0 and less only by name. */
static void
append_by_priority(choice *c, const tlshost__registry *registry)
{
	for (;;) {
		tlshost__candidate *best = NULL;

		for (size_t i = 0; i < registry->len; i++) {
			tlshost__candidate *one = registry->candidates[i];
			int taken = one->name == NULL ||
			    one->skip == TLSHOST__SKIP_SHADOWED ||
			    one->manifest.priority <= 0;

			for (size_t k = 0; k < c->len && !taken; k++)
				taken = c->order[k] == one;
			if (taken)
				continue;
			if (best == NULL || one->manifest.priority >
			    best->manifest.priority ||
			    (one->manifest.priority ==
			    best->manifest.priority &&
			    strcmp(one->name, best->name) < 0))
				best = one;
		}
		if (best == NULL)
			return;
		append_once(c, best);
	}
}

/* TLS_BACKEND, else the file's order, else priority.  OK, NO_MEMORY, or
 * NO_BACKEND: the value of TLS_BACKEND is malformed. */
static tlshost_status
choose(const tlshost__registry *registry, choice *ret_choice,
    tlshost_error **ret_error)
{
	const char *value = tlshost__is_secure() ? NULL : getenv("TLS_BACKEND");
	const tlshost__names *names = &registry->conf.order;
	const char *problem = NULL;
	choice c = { .by = "priority" };
	tlshost_status st;

	if ((c.order = tlshost__array(registry->len, sizeof(tlshost__candidate *))) ==
	    NULL)
		return tlshost__fail_memory(ret_error);
	if (value != NULL && *value != '\0') {
		c.by = "TLS_BACKEND";
		st = (c.value = tlshost__strdup(value)) == NULL ?
		    TLSHOST_NO_MEMORY : tlshost__names_parse(value,
		    strlen(value), 1, &c.names, &problem);
		if (st != TLSHOST_OK) {
			choice_done(&c);
			return st == TLSHOST_NO_MEMORY ?
			    tlshost__fail_memory(ret_error) :
			    tlshost__fail(ret_error, TLSHOST_NO_BACKEND,
			    TLSHOST_PHASE_LOAD, NULL, "TLS_BACKEND=%.200s: %s",
			    value, problem);
		}
		names = &c.names;
	} else if (names->len != 0) {
		c.by = tlshost__conffile_path;
	}
	for (size_t i = 0; i < names->len; i++) {
		tlshost__candidate *one = strcmp(names->names[i], "*") == 0 ?
		    NULL : find_candidate(registry, names->names[i]);

		if (one != NULL)
			append_once(&c, one);
		else if (strcmp(names->names[i], "*") == 0)
			append_by_priority(&c, registry);
	}
	if (names->len == 0)
		append_by_priority(&c, registry);
	*ret_choice = c;
	return TLSHOST_OK;
}

/* ------------------------------------------------------------------------
 * Saying why not
 */

/* What was found, what was skipped and why, and where it looked. */
static void
tell_search(tlshost__text *text, const tlshost__registry *registry)
{
	const char *before = "; found ";

	tlshost__registry_lock();
	for (size_t i = 0; i < registry->len; i++) {
		const tlshost__candidate *one = registry->candidates[i];

		tlshost__text_add(text, "%s%s", before,
		    one->name != NULL ? one->name : one->file);
		if (one->state == TLSHOST_PLUGIN_SKIPPED)
			tlshost__text_add(text, " (skipped: %s%s%s)",
			    tlshost__skip_word(one->skip),
			    one->text != NULL ? ", " : "",
			    one->text != NULL ? one->text : "");
		before = ", ";
	}
	tlshost__registry_unlock();
	if (registry->len == 0)
		tlshost__text_add(text, "; found no plugin");
	before = "; looked in ";
	for (size_t i = 0; i < registry->directories_len; i++) {
		tlshost__text_add(text, "%s%s", before,
		    registry->directories[i]);
		before = ", ";
	}
}

static tlshost_status
fail_search(const tlshost__registry *registry, tlshost__text *text,
    tlshost_error **ret_error)
{
	tlshost_status st;

	tell_search(text, registry);
	if (text->failed)
		(void)tlshost__fail_memory(ret_error);
	else
		(void)tlshost__fail(ret_error, TLSHOST_NO_BACKEND,
		    TLSHOST_PHASE_LOAD, NULL, "%s", text->text);
	st = text->failed ? TLSHOST_NO_MEMORY : TLSHOST_NO_BACKEND;
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

static tlshost_backend *
load(tlshost__candidate *candidate)
{
	tlshost_backend *backend;

	tlshost__candidate_load(candidate);
	tlshost__registry_lock();
	backend = candidate->backend;
	tlshost__registry_unlock();
	return backend;
}

tlshost_status
tlshost_backend_by_name(const char *name, tlshost_backend **ret_backend,
    tlshost_error **ret_error)
{
	tlshost__text text = { 0 };
	tlshost__registry *registry;
	tlshost__candidate *candidate;
	tlshost_backend *backend;
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
	if (candidate != NULL && (backend = load(candidate)) != NULL) {
		*ret_backend = backend;
		return TLSHOST_OK;
	}
	tlshost__text_add(&text, candidate == NULL ?
	    "there is no backend \"%s\"" : "backend \"%s\" cannot be used",
	    name);
	return fail_search(registry, &text, ret_error);
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

static tlshost_backend *
try_order(const choice *c, tlshost_role role)
{
	for (size_t i = 0; i < c->len; i++) {
		tlshost_backend *backend;

		if ((c->order[i]->manifest.roles & (unsigned int)role) != 0 &&
		    (backend = load(c->order[i])) != NULL)
			return backend;
	}
	return NULL;
}

tlshost_status
tlshost_backend_default(tlshost_role role, tlshost_backend **ret_backend,
    tlshost_error **ret_error)
{
	tlshost__text text = { 0 };
	tlshost__registry *registry;
	tlshost_backend *backend;
	tlshost_status st;
	choice c;

	if (ret_backend == NULL ||
	    (role != TLSHOST_ROLE_CLIENT && role != TLSHOST_ROLE_SERVER))
		return tlshost__fail(ret_error, TLSHOST_INVALID_ARGUMENT,
		    TLSHOST_PHASE_LOAD, NULL,
		    "ret_backend is NULL, or role is none");
	if ((backend = recall(role, NULL)) != NULL) {
		*ret_backend = backend;
		return TLSHOST_OK;
	}
	registry = tlshost__registry_get();
	if ((st = check_registry(registry, ret_error)) != TLSHOST_OK ||
	    (st = choose(registry, &c, ret_error)) != TLSHOST_OK)
		return st;
	backend = try_order(&c, role);
	if (backend != NULL) {
		*ret_backend = recall(role, backend);
		choice_done(&c);
		return TLSHOST_OK;
	}
	if (c.value != NULL)
		tlshost__text_add(&text, "TLS_BACKEND=%.200s names no usable "
		    "backend", c.value);
	else if (registry->conf.order.len != 0)
		tlshost__text_add(&text, "\"order\" in %s names no usable "
		    "backend", tlshost__conffile_path);
	else
		tlshost__text_add(&text, "there is no usable backend");
	choice_done(&c);
	return fail_search(registry, &text, ret_error);
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
find_default(const tlshost_backend_list *list, const choice *c,
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

/* Which one the default is, or why there is none.  0, or -1: no memory. */
static int
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
		return list->problem != NULL ? 0 : -1;
	}
	list->defaults[0] = find_default(list, &c, TLSHOST_ROLE_CLIENT);
	list->defaults[1] = find_default(list, &c, TLSHOST_ROLE_SERVER);
	list->chosen_by = describe_choice(&c);
	if (list->defaults[0] < 0 && list->defaults[1] < 0 &&
	    strcmp(c.by, "priority") != 0 && list->chosen_by != NULL)
		list->problem = tlshost__format("%s names no usable backend",
		    list->chosen_by);
	st = list->chosen_by == NULL || (list->problem == NULL &&
	    list->defaults[0] < 0 && list->defaults[1] < 0 &&
	    strcmp(c.by, "priority") != 0) ? TLSHOST_NO_MEMORY : TLSHOST_OK;
	choice_done(&c);
	return st == TLSHOST_OK ? 0 : -1;
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
	if ((registry = tlshost__registry_get()) == NULL)
		return tlshost__fail_memory(ret_error);
	if ((list = calloc(1, sizeof(*list))) == NULL)
		return tlshost__fail_memory(ret_error);
	list->registry = registry;
	list->len = registry->len;
	if ((list->entries = tlshost__array(list->len, sizeof(entry))) == NULL) {
		free(list);
		return tlshost__fail_memory(ret_error);
	}
	for (size_t i = 0; i < list->len; i++) {
		tlshost__candidate *candidate = registry->candidates[i];

		if (load_them)
			tlshost__candidate_load(candidate);
		tlshost__registry_lock();
		list->entries[i] = (entry){ candidate, candidate->state,
		    candidate->skip, candidate->text, candidate->backend };
		tlshost__registry_unlock();
	}
	if (fill_choice(list) != 0) {
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
	    list->registry->directories[i] : NULL;
}
