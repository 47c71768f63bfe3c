/** Nexmark's queries, as Beam has them. */
import type { NexmarkQuery } from "../query.js";
import { passThrough } from "./q00-pass-through.js";
import { currency } from "./q01-currency.js";
import { selection } from "./q02-selection.js";
import { localItems } from "./q03-local-items.js";
import { categoryPrices } from "./q04-category-prices.js";
import { hotItems } from "./q05-hot-items.js";
import { sellerPrices } from "./q06-seller-prices.js";
import { highestBid } from "./q07-highest-bid.js";
import { newUsers } from "./q08-new-users.js";
import { winners } from "./q09-winning-bids.js";
import { logFiles } from "./q10-log-files.js";
import { userSessions } from "./q11-user-sessions.js";
import { bidsInProcessingTime } from "./q12-processing-time.js";

export const QUERIES: readonly NexmarkQuery[] = [
  passThrough,
  currency,
  selection,
  localItems,
  categoryPrices,
  hotItems,
  sellerPrices,
  highestBid,
  newUsers,
  winners,
  logFiles,
  userSessions,
  bidsInProcessingTime,
];
