/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>
#include <strings.h>

#include "cipher.h"

/*
 * What all three libraries have, with forward secrecy and authenticated
 * encryption; of equals the cheaper first.
 */
static const uint16_t defaults[] = {
	0x1301, 0x1302, 0x1303,
	0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9, 0xcca8,
	0x009e, 0x009f, 0xccaa,
};

size_t
tlshost_cipher_defaults(const uint16_t **ret_ids)
{
	if (ret_ids != NULL)
		*ret_ids = defaults;
	return sizeof(defaults) / sizeof(defaults[0]);
}

size_t
tlshost_cipher_count(void)
{
	return tlshost__ciphers_len;
}

const tlshost_cipher_info *
tlshost_cipher_at(size_t index)
{
	return index < tlshost__ciphers_len ? &tlshost__ciphers[index] : NULL;
}

const tlshost_cipher_info *
tlshost_cipher_by_id(uint16_t id)
{
	size_t from = 0, to = tlshost__ciphers_len;

	while (from < to) {
		size_t middle = from + (to - from) / 2;

		if (tlshost__ciphers[middle].id == id)
			return &tlshost__ciphers[middle];
		if (tlshost__ciphers[middle].id < id)
			from = middle + 1;
		else
			to = middle;
	}
	return NULL;
}

/* Case does not count here; no dialect has two names that differ in case. */
const tlshost_cipher_info *
tlshost_cipher_by_dialect(tlshost_dialect dialect, const char *name)
{
	const tlshost__cipher_index *index;
	size_t from = 0, to;

	if (name == NULL || (unsigned int)dialect >= TLSHOST__DIALECTS)
		return NULL;
	index = &tlshost__cipher_indexes[dialect];
	to = index->len;
	while (from < to) {
		size_t middle = from + (to - from) / 2;
		const tlshost_cipher_info *row =
		    &tlshost__ciphers[index->rows[middle]];
		int order = strcasecmp(row->names[dialect], name);

		if (order == 0)
			return row;
		if (order < 0)
			from = middle + 1;
		else
			to = middle;
	}
	return NULL;
}

const tlshost_cipher_info *
tlshost_cipher_by_name(const char *name)
{
	const tlshost_cipher_info *row, *found = NULL;

	for (int d = 0; d < TLSHOST__DIALECTS; d++) {
		row = tlshost_cipher_by_dialect((tlshost_dialect)d, name);
		if (row == NULL)
			continue;
		if (strcmp(row->names[d], name) == 0)
			return row;
		if (found == NULL)
			found = row;
	}
	return found;
}

void
tlshost__cipher_versions(uint16_t id, uint16_t *ret_lowest,
    uint16_t *ret_highest)
{
	const tlshost_cipher_info *row = tlshost_cipher_by_id(id);

	if (row != NULL) {
		*ret_lowest = row->lowest;
		*ret_highest = row->highest;
	} else if (id >> 8 == 0x13) {
		*ret_lowest = *ret_highest = TLSHOST_VERSION_TLSV1_3;
	} else {
		*ret_lowest = TLSHOST_VERSION_TLSV1;
		*ret_highest = TLSHOST_VERSION_TLSV1_2;
	}
}

uint16_t
tlshost_cipher_info_id(const tlshost_cipher_info *info)
{
	return info != NULL ? info->id : 0;
}

const char *
tlshost_cipher_info_name(const tlshost_cipher_info *info,
    tlshost_dialect dialect)
{
	return info != NULL && (unsigned int)dialect < TLSHOST__DIALECTS ?
	    info->names[dialect] : NULL;
}

size_t
tlshost_cipher_info_schannel(const tlshost_cipher_info *info,
    const uint32_t **ret_alg_ids)
{
	if (info == NULL || info->schannel_len == 0)
		return 0;
	if (ret_alg_ids != NULL)
		*ret_alg_ids = info->schannel;
	return info->schannel_len;
}

const char *
tlshost_cipher_info_gnutls_token(const tlshost_cipher_info *info,
    tlshost_gnutls_token which)
{
	return info != NULL && (unsigned int)which < 3 ? info->gnutls[which] :
	    NULL;
}

tlshost_version
tlshost_cipher_info_lowest_version(const tlshost_cipher_info *info)
{
	return info != NULL ? (tlshost_version)info->lowest :
	    TLSHOST_VERSION_NONE;
}

tlshost_version
tlshost_cipher_info_highest_version(const tlshost_cipher_info *info)
{
	return info != NULL ? (tlshost_version)info->highest :
	    TLSHOST_VERSION_NONE;
}

tlshost_cipher_class
tlshost_cipher_info_class(const tlshost_cipher_info *info)
{
	return info != NULL ? info->class : TLSHOST_CIPHER_INSECURE;
}

const char *
tlshost_cipher_info_key_exchange(const tlshost_cipher_info *info)
{
	return info != NULL ? info->key_exchange : NULL;
}

const char *
tlshost_cipher_info_authentication(const tlshost_cipher_info *info)
{
	return info != NULL ? info->authentication : NULL;
}

const char *
tlshost_cipher_info_encryption(const tlshost_cipher_info *info)
{
	return info != NULL ? info->encryption : NULL;
}

const char *
tlshost_cipher_info_mac(const tlshost_cipher_info *info)
{
	return info != NULL ? info->mac : NULL;
}

unsigned int
tlshost_cipher_info_bits(const tlshost_cipher_info *info)
{
	return info != NULL ? info->bits : 0;
}

int
tlshost_cipher_info_in_pep543(const tlshost_cipher_info *info)
{
	return info != NULL && info->pep543;
}
