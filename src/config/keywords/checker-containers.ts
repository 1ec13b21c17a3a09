/** The containers of checkers, and those that share words. */
export const TCP = 'virtual_server/real_server/TCP_CHECK'
export const HTTP = 'virtual_server/real_server/HTTP_GET'
export const HTTP_URL = 'virtual_server/real_server/HTTP_GET/url'
export const SSL = 'virtual_server/real_server/SSL_GET'
export const SSL_URL = 'virtual_server/real_server/SSL_GET/url'
export const HTTP2 = 'virtual_server/real_server/HTTP2_GET'
export const HTTP2_URL = 'virtual_server/real_server/HTTP2_GET/url'
export const GRPC = 'virtual_server/real_server/GRPC_CHECK'
export const SMTP = 'virtual_server/real_server/SMTP_CHECK'
export const SMTP_HOST = 'virtual_server/real_server/SMTP_CHECK/host'
export const DNS = 'virtual_server/real_server/DNS_CHECK'
export const MISC = 'virtual_server/real_server/MISC_CHECK'
export const PING = 'virtual_server/real_server/PING_CHECK'
export const UDP = 'virtual_server/real_server/UDP_CHECK'
export const FILE = 'virtual_server/real_server/FILE_CHECK'
export const BFD = 'virtual_server/real_server/BFD_CHECK'

/** What keepalived's checkers of HTTP have, and their requests. */
export const http = [HTTP, SSL] as const
export const urls = [HTTP_URL, SSL_URL] as const

/** What is sent somewhere, in keepalived. */
export const connecting = [TCP, ...http, SMTP, DNS, PING, UDP, SMTP_HOST] as const

/** What is repeated, in keepalived. */
export const repeated = [TCP, ...http, SMTP, DNS, MISC, PING, UDP, SMTP_HOST] as const
