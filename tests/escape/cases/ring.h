/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "case.h"

#include <linux/io_uring.h>
#include <sys/mman.h>

/* One submission over a ring made by raw system calls, so that no library is needed. */
struct ring {
  int fd;
  struct io_uring_params params;
  struct io_uring_sqe* entries;
  char *sq, *cq;
};

static inline int ring_open(struct ring* ring, unsigned flags) {
  memset(ring, 0, sizeof *ring);
  ring->params.flags = flags;
  ring->params.sq_thread_idle = 1000;
  ring->fd = (int)syscall(SYS_io_uring_setup, 4, &ring->params);
  if (ring->fd < 0) return -1;
  const struct io_uring_params* p = &ring->params;
  ring->sq = mmap(NULL, p->sq_off.array + p->sq_entries * sizeof(unsigned), PROT_READ | PROT_WRITE,
                  MAP_SHARED, ring->fd, IORING_OFF_SQ_RING);
  ring->cq = mmap(NULL, p->cq_off.cqes + p->cq_entries * sizeof(struct io_uring_cqe),
                  PROT_READ | PROT_WRITE, MAP_SHARED, ring->fd, IORING_OFF_CQ_RING);
  ring->entries = mmap(NULL, p->sq_entries * sizeof(struct io_uring_sqe), PROT_READ | PROT_WRITE,
                       MAP_SHARED, ring->fd, IORING_OFF_SQES);
  return ring->sq == MAP_FAILED || ring->cq == MAP_FAILED || ring->entries == MAP_FAILED ? -1 : 0;
}

/* Submits one entry and waits for its result; less than 0 and an errno where it failed. */
static inline long ring_do(struct ring* ring, const struct io_uring_sqe* entry) {
  const struct io_uring_params* p = &ring->params;
  unsigned* tail = (unsigned*)(ring->sq + p->sq_off.tail);
  const unsigned at = *tail & *(unsigned*)(ring->sq + p->sq_off.ring_mask);
  unsigned* head = (unsigned*)(ring->cq + p->cq_off.head);
  ring->entries[at] = *entry;
  ((unsigned*)(ring->sq + p->sq_off.array))[at] = at;
  __atomic_store_n(tail, *tail + 1, __ATOMIC_RELEASE);
  const unsigned wake = p->flags & IORING_SETUP_SQPOLL ? IORING_ENTER_SQ_WAKEUP : 0;
  if (syscall(SYS_io_uring_enter, ring->fd, 1, 1, IORING_ENTER_GETEVENTS | wake, NULL, 0) < 0)
    return -1;
  const struct io_uring_cqe* done = (struct io_uring_cqe*)(ring->cq + p->cq_off.cqes);
  const int result = done[*head & *(unsigned*)(ring->cq + p->cq_off.ring_mask)].res;
  __atomic_store_n(head, *head + 1, __ATOMIC_RELEASE);
  return result < 0 ? (errno = -result, -1) : result;
}
