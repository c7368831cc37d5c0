/* Programs that are mostly loads and stores. */
#include "bench.h"
#include "programs.h"

#define SIEVE 131072
u32 run_sieve(u32 passes)
{
    u32 sum = 0;

    for (u32 n = 0; n < passes; n++) {
        memset(arena, 1, SIEVE);
        for (u32 i = 2; i * i < SIEVE; i++)
            if (arena[i])
                for (u32 k = i * i; k < SIEVE; k += i)
                    arena[k] = 0;
        for (u32 i = 2; i < SIEVE; i++)
            sum = sum * 31 + arena[i] * i;
    }
    return sum;
}

/* memcpy, aligned and not, memset, memcmp and strlen, in short and long pieces. */
u32 run_memcpy(u32 passes)
{
    u8 *from = arena, *to = arena + (1 << 20) + 7 * 4096;
    u32 sum = 0, seed = 5;

    for (u32 i = 0; i < 1 << 19; i++)
        from[i] = random_next(&seed) >> 24 | 1;
    for (u32 n = 0; n < passes; n++) {
        memcpy(to, from, 1 << 19);
        sum = mix(sum, *(u32 *)(to + (n * 4096 + 64) % (1 << 19)));
        for (u32 i = 0; i < 1 << 18; i += 1500)
            memcpy(to + i, from + i + (i & 3) + 1, 1500);
        for (u32 i = 0; i < 1 << 17; i += 64)
            memcpy(to + i * 2, from + i, 24 + (i >> 6 & 31));
        memset(to + (n & 4095), n, 1 << 17);
        sum = mix(sum, to[(n * 977) % (1 << 18)]);
        sum += memcmp(from + 512, to + (1 << 18) + 512, 1 << 15) < 0;
        from[(1 << 16) + n % 1000] = 0;
        for (u32 i = 0; i < 1 << 16; i += 1024)
            sum += strlen((const char *)from + i) >> 8;
        from[(1 << 16) + n % 1000] = 1;
    }
    return sum;
}

/* One word in each of 1024 pages, in an order that no prefetch guesses, read and written. */
u32 run_stride(u32 passes)
{
    u32 sum = 0;

    for (u32 i = 0; i < 1024; i++)
        *(u32 *)(arena + i * 4096 + (i * 68 & 4092)) = i;
    for (u32 n = 0; n < passes * 200; n++)
        for (u32 i = 0, page = n; i < 1024; i++) {
            u32 *at;
            page = (page + 389) & 1023;
            at = (u32 *)(arena + page * 4096 + (page * 68 & 4092));
            *at += sum ^ i;
            sum += *at >> 3;
        }
    return sum;
}

struct node {
    struct node *next;
    u32 value, weight, pad;
};

/* Walks, and turns round, a list of 16384 nodes that lie in no order. */
#define NODES 16384
u32 run_linked(u32 passes)
{
    struct node *nodes = (struct node *)arena, *head = NULL;
    u32 sum = 0, seed = 6;

    /* Stepping by an odd number reaches every node. */
    for (u32 i = 0, at = 0; i < NODES; i++) {
        struct node *node = &nodes[at = (at + 7919) % NODES];
        node->value = random_next(&seed);
        node->weight = i;
        node->next = head;
        head = node;
    }
    for (u32 n = 0; n < passes * 8; n++) {
        struct node *turned = NULL, *next;
        for (struct node *node = head; node; node = node->next)
            sum += node->value & node->weight ? node->value : node->weight;
        for (; head; head = next) {
            next = head->next;
            head->next = turned;
            turned = head;
        }
        head = turned;
        head->weight += n;
    }
    return sum;
}

/* A table with chains: counts 4096 different keys, looks up others, takes some out. */
struct entry {
    u32 key, count;
    struct entry *next;
};
#define BUCKETS 1024
#define ENTRIES 4096
static struct entry **const buckets = (struct entry **)arena;
static struct entry *const entries = (struct entry *)(arena + 5 * 4096);
static struct entry *free_entries;

static NOINLINE u32 hash_of(u32 key)
{
    key ^= key >> 16;
    key *= 0x85ebca6b;
    key ^= key >> 13;
    return key & (BUCKETS - 1);
}

static NOINLINE struct entry *look_up(u32 key, u32 make)
{
    struct entry **bucket = &buckets[hash_of(key)], *entry;

    for (entry = *bucket; entry; entry = entry->next)
        if (entry->key == key)
            return entry;
    if (!make || !free_entries)
        return NULL;
    entry = free_entries;
    free_entries = entry->next;
    entry->key = key;
    entry->count = 0;
    entry->next = *bucket;
    return *bucket = entry;
}

static NOINLINE u32 take_out(u32 key)
{
    for (struct entry **link = &buckets[hash_of(key)]; *link; link = &(*link)->next) {
        struct entry *entry = *link;
        if (entry->key == key) {
            u32 count = entry->count;
            *link = entry->next;
            entry->next = free_entries;
            free_entries = entry;
            return count;
        }
    }
    return 0;
}

u32 run_hash(u32 passes)
{
    u32 sum = 0, seed = 7;

    for (u32 i = 0; i < BUCKETS; i++)
        buckets[i] = NULL;
    free_entries = NULL;
    for (u32 i = 0; i < ENTRIES; i++) {
        entries[i].next = free_entries;
        free_entries = &entries[i];
    }
    for (u32 n = 0; n < passes * 40000; n++) {
        u32 key = random_next(&seed) >> 19;
        struct entry *entry = look_up(key, key & 3);
        if (entry)
            sum += ++entry->count;
        if ((key & 7) == 5)
            sum ^= take_out(key ^ 64) << 8;
    }
    return sum;
}
