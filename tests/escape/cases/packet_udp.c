/* SPDX-License-Identifier: Apache-2.0 */
#include "case.h"

#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/ip6.h>
#include <netinet/udp.h>

/* A frame on loopback that no socket of ours sent. IPv6: the kernel drops frames to 127.0.0.0/8. */
struct packet {
  struct ip6_hdr ip;
  struct udphdr udp;
  char payload[64];
};

static unsigned short checksum(const struct packet* packet, size_t udp_length) {
  unsigned sum = htons(IPPROTO_UDP) + htons((unsigned short)udp_length);
  const unsigned char* bytes = (const unsigned char*)&packet->ip.ip6_src;
  for (size_t i = 0; i < 2 * sizeof(struct in6_addr) + udp_length; i += 2) {
    unsigned short word;
    memcpy(&word, bytes + i, sizeof word); /* past the end are zeros */
    sum += word;
  }
  while (sum >> 16) sum = (sum & 0xffff) + (sum >> 16);
  return (unsigned short)~sum;
}

int main(void) {
  struct packet packet = {0};
  const size_t udp_length = sizeof packet.udp + strlen(token());
  const struct sockaddr_ll to = {.sll_family = AF_PACKET,
                                 .sll_protocol = htons(ETH_P_IPV6),
                                 .sll_ifindex = (int)if_nametoindex("lo"),
                                 .sll_halen = 6};
  const int fd = socket(AF_PACKET, SOCK_DGRAM, htons(ETH_P_IPV6));
  if (fd < 0) return tell("a packet socket", -1);
  packet.ip.ip6_flow = htonl(6u << 28);
  packet.ip.ip6_plen = htons((unsigned short)udp_length);
  packet.ip.ip6_nxt = IPPROTO_UDP;
  packet.ip.ip6_hlim = 64;
  packet.ip.ip6_src = packet.ip.ip6_dst = in6addr_loopback;
  packet.udp.source = htons(40001);
  packet.udp.dest = htons((unsigned short)number("ESCAPE_UDP6"));
  packet.udp.len = htons((unsigned short)udp_length);
  strncpy(packet.payload, token(), sizeof packet.payload - 1);
  packet.udp.check = checksum(&packet, udp_length);
  const long sent =
      sendto(fd, &packet, sizeof packet.ip + udp_length, 0, (const struct sockaddr*)&to, sizeof to);
  usleep(50000); /* a soft interrupt takes the frame off the device's queue */
  return tell("a datagram by a packet socket", sent);
}
