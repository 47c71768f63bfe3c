/** The namespace of what Girder's runner says of a job's stages among the attempted metrics; authors' metrics have others. */
export const STAGE_NAMESPACE = "girder:stage";
