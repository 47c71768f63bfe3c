/** Files in Cloud Storage, by its JSON API. */
import { type AccessToken, callGoogle } from "./google-http.js";

/** Where Cloud Storage is: `STORAGE_EMULATOR_HOST` says otherwise, as it does to Google's own clients. */
function endpoint(): string {
  const emulator = process.env["STORAGE_EMULATOR_HOST"];
  if (emulator === undefined || emulator === "") return "https://storage.googleapis.com";
  return (/^https?:\/\//.test(emulator) ? emulator : `http://${emulator}`).replace(/\/+$/, "");
}

/** Writes a file, in place of one that is there. @param location `gs://BUCKET/PATH` @throws GirderError see {@link callGoogle} */
export async function upload(
  location: string,
  content: Uint8Array,
  token: AccessToken,
  signal?: AbortSignal,
): Promise<void> {
  const [, bucket = "", name = ""] = /^gs:\/\/([^/]+)\/(.+)$/.exec(location) ?? [];
  const url = `${endpoint()}/upload/storage/v1/b/${encodeURIComponent(bucket)}/o?uploadType=media&name=${encodeURIComponent(name)}`;
  await callGoogle({ method: "POST", url, body: content, contentType: "application/octet-stream" }, token, signal);
}
