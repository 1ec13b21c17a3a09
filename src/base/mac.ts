/** Link-layer address as text, `02:00:5e:00:01:33`; as many bytes as there are. */
export const macText = (mac: Uint8Array): string => [...mac].map((byte) => byte.toString(16).padStart(2, '0')).join(':')
